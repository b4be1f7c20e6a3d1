package veil.hapi;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.EnumSet;

import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.rest.server.RestfulServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;

/**
 * Serves FHIR R4 on 127.0.0.1 and prints the base URL once it answers.
 *
 * <p>Arguments: the port, 0 for a free one; then, if wanted, {@code --stdin},
 * which ends the server at the end of its standard input, so that it cannot
 * outlive whoever holds the other end. There is nothing to save, so every end
 * is at once.
 */
public final class Main {
    public static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
        if (args.length > 1 && args[1].equals("--stdin")) {
            endWithStdin();
        }
        try {
            String base = serve(port);
            awaitMetadata(base);
            System.out.println(base);
            System.out.flush();
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1); // Spring leaves threads behind
        }
    }

    private static String serve(int port) throws Exception {
        Server jetty = new Server(new InetSocketAddress("127.0.0.1", port));
        // Bound before anything knows the base URL, served only at the end.
        ServerConnector connector = (ServerConnector) jetty.getConnectors()[0];
        connector.open();
        String base = "http://127.0.0.1:" + connector.getLocalPort() + "/fhir";

        ServletContextHandler root = new ServletContextHandler("/");
        jetty.setHandler(root);
        AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
        spring.setServletContext(root.getServletContext());
        spring.getEnvironment().getSystemProperties().put("hapi.base", base);
        spring.register(Config.class);
        spring.refresh();
        root.addServlet(new ServletHolder(spring.getBean(RestfulServer.class)), "/fhir/*");
        root.addFilter(new FilterHolder(new RetryAfter()), "/fhir/*", EnumSet.of(DispatcherType.REQUEST));
        jetty.start();
        advanceJobs(spring.getBean(IJobMaintenanceService.class));
        return base;
    }

    /** Moves export jobs on twice a second; HAPI does so once a minute, and a job needs several. */
    private static void advanceJobs(IJobMaintenanceService jobs) {
        Thread thread = new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(500);
                    jobs.runMaintenancePass();
                } catch (InterruptedException e) {
                    return;
                } catch (RuntimeException e) {
                    e.printStackTrace();
                }
            }
        }, "jobs");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Tells those who poll for an export to come back after as many seconds as the system property
     * {@code hapi.retryAfter} says. HAPI says 120, always.
     */
    private static final class RetryAfter implements Filter {
        private final String seconds = System.getProperty("hapi.retryAfter", "1");

        @Override
        public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            chain.doFilter(request, new HttpServletResponseWrapper((HttpServletResponse) response) {
                @Override
                public void addHeader(String name, String value) {
                    super.addHeader(name, name.equalsIgnoreCase("Retry-After") ? seconds : value);
                }

                @Override
                public void setHeader(String name, String value) {
                    super.setHeader(name, name.equalsIgnoreCase("Retry-After") ? seconds : value);
                }
            });
        }
    }

    private static void awaitMetadata(String base) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/metadata")).build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("metadata: status " + response.statusCode() + "\n" + response.body());
        }
    }

    private static void endWithStdin() {
        Thread thread = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // whatever it is
                }
            } catch (IOException e) {
                // as good as its end
            }
            Runtime.getRuntime().halt(0);
        }, "stdin");
        thread.setDaemon(true);
        thread.start();
    }
}
