// Package deploy has what runs Veil elsewhere: a unit of systemd, a compose file, a Helm
// chart, and alerts and a dashboard for Prometheus and Grafana. Its tests hold them to the
// code, and check them with the tools of their fields.
package deploy
