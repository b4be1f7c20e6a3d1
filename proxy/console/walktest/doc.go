// Package walktest walks every page of the console in headless Chromium, on the demo, and
// takes the screenshots of docs/console.
package walktest
