package dev.treaty.benchmarks.security;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.security.TokenProtocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.databind.json.JsonMapper;

/**
 * The process of a registry and a service with security. It answers each line of input by its {@link Usage}, and ends
 * when the input does.
 */
final class SecuredServer {
    /** The identities. */
    static final String SERVER = "treaty";

    static final String POLITE = "polite";
    static final String GREEDY = "greedy";

    /** The file with the token of the greedy caller. */
    static final String TOKEN = "greedy.token";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * The first answer.
     *
     * @param port where it listens
     */
    record Ready(int port) {}

    /**
     * What it has used since it began.
     *
     * @param cpuNanos processor time
     */
    record Usage(long cpuNanos) {}

    private SecuredServer() {}

    /**
     * The settings of a process.
     *
     * @param directory with the certificates
     * @param identity of the process
     * @param registry where the registry is
     */
    static Settings settings(Path directory, String identity, String registry) {
        UnaryOperator<String> file = name -> directory.resolve(name).toString();
        return Settings.parse(
                "benchmark",
                """
                registry: %s
                server:
                  drain: 100ms
                  limits: {rate-limit-per-caller: {permits: 1000, burst: 100}}
                services:
                  bench.Answering: {operations: {answer: {deadline: 1s}}}
                security:
                  enabled: true
                  certificate: %s
                  key: %s
                  authorities: %s
                  tokens: {directory: %s}
                  services: {bench.Answering: [treaty]}
                  roles: {operator: [treaty]}
                  rules:
                    answers: {callers: [polite, greedy], services: [bench.Answering]}
                """.formatted(
                                registry,
                                file.apply(identity + ".pem"),
                                file.apply(identity + ".key"),
                                file.apply("ca.pem"),
                                file.apply("tokens")),
                Map.of());
    }

    /**
     * Starts it.
     *
     * @param arguments the directory with the certificates
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        JsonMapper mapper = JsonMapper.builder().build();
        Path directory = Path.of(arguments[0]);
        try (Treaty treaty = Treaty.open(settings(directory, SERVER, "embedded"))) {
            treaty.serveRegistry();
            treaty.serve(Answering.class, what -> what);
            Files.writeString(directory.resolve(TOKEN), token(treaty.client(TokenProtocol.class)));
            out.println(mapper.writeValueAsString(
                    new Ready(treaty.endpoint().orElseThrow().port())));
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (in.readLine() != null) {
                out.println(mapper.writeValueAsString(new Usage(cpuNanos())));
            }
        }
        System.exit(0);
    }

    private static String token(TokenProtocol tokens) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return tokens.issue(GREEDY, List.of(Answering.NAME), 3_600, Optional.empty(), Optional.empty())
                        .token();
            } catch (ServiceException e) {
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
                Thread.sleep(100); // until the registry knows its own services
            }
        }
    }

    /** The processor time of this process. */
    static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    /** The processor time of this thread. */
    static long threadNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
