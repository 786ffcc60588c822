package dev.treaty.benchmarks.discovery;

import com.netflix.config.ConfigurationManager;
import com.netflix.eureka.EurekaServerContext;
import com.netflix.eureka.EurekaServerContextHolder;
import com.netflix.eureka.Jersey3EurekaBootStrap;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.glassfish.hk2.api.Factory;
import org.glassfish.hk2.utilities.binding.AbstractBinder;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;

/**
 * A process with a Eureka server in it, as its web application has it: Jersey's servlet in a servlet container. It says
 * its port, and answers {@code memory} with the bytes in use on its heap.
 */
final class EurekaServer {
    /** Where the server's resources are below the context. */
    static final String PATH = "/eureka/v2/";

    /** Referenced here because the level of an unreferenced logger can be lost. */
    private static final Logger LOGS = Logger.getLogger("");

    /** What a server with no others beside it has to be told; everything else stays as it comes. */
    private static final Map<String, String> ALONE = Map.of(
            "eureka.name", "eureka",
            "eureka.environment", "test",
            "eureka.datacenter", "default",
            "eureka.registration.enabled", "false",
            "eureka.shouldFetchRegistry", "false",
            "eureka.serviceUrl.default", "http://127.0.0.1:1" + PATH,
            // Otherwise it would wait for others for two minutes, and then answer no client for five more.
            "eureka.numberRegistrySyncRetries", "0",
            "eureka.waitTimeInMsWhenSyncEmpty", "0");

    private EurekaServer() {}

    public static void main(String[] arguments) throws IOException, LifecycleException {
        PrintStream answers = System.out;
        System.setOut(System.err); // what libraries have to say is no answer
        LOGS.setLevel(Level.SEVERE);
        ALONE.forEach(ConfigurationManager.getConfigInstance()::setProperty);
        answers.println(start());
        var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (commands.readLine() != null) { // there is but one
            answers.println(Heap.usedBytes());
        }
        System.exit(0);
    }

    private static int start() throws IOException, LifecycleException {
        var tomcat = new Tomcat();
        var directory = Files.createTempDirectory("treaty-bench-eureka");
        directory.toFile().deleteOnExit();
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        var context = tomcat.addContext("/eureka", directory.toString());
        context.addApplicationListener(Jersey3EurekaBootStrap.class.getName());
        var resources = new ResourceConfig().packages("com.netflix.discovery", "com.netflix.eureka");
        resources.register(new AbstractBinder() {
            @Override
            protected void configure() {
                bindFactory(new Factory<EurekaServerContext>() {
                            @Override
                            public EurekaServerContext provide() {
                                return EurekaServerContextHolder.getInstance().getServerContext();
                            }

                            @Override
                            public void dispose(EurekaServerContext context) {
                                // the listener made it and ends it
                            }
                        })
                        .to(EurekaServerContext.class);
            }
        });
        Tomcat.addServlet(context, "eureka", new ServletContainer(resources)).setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "eureka");
        tomcat.start();
        return tomcat.getConnector().getLocalPort();
    }
}
