package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that talk to a registry, against one that {@code treaty registry} serves in a process of its own. */
class RegistryCommandsTest {
    /** A service of the tests. */
    @Contract(name = "test.Greetings", version = "2.1.0")
    public interface Greetings {
        /** Greets. */
        @Idempotent
        @Description("Greets somebody.")
        String greet(@Description("Whom.") String name);
    }

    private static final BlockingQueue<String> LINES = new LinkedBlockingQueue<>();
    private static ChildProcess registry;
    private static String address;
    private static Map<?, ?> addresses;
    private static Treaty treaty;

    @BeforeAll
    static void start() throws Exception {
        registry = ChildProcess.start(
                ChildProcess.java(
                        List.of(),
                        ChildProcess.ownClassPath(),
                        Main.class.getName(),
                        List.of("registry", "--port", "0", "--doors-port", "0", "--dns-port", "0", "--json")),
                Map.of(),
                LINES::add);
        String line = String.valueOf(LINES.poll(120, TimeUnit.SECONDS));
        addresses = (Map<?, ?>) Json.read(line);
        address = (String) addresses.get("registry");
        treaty = open();
        treaty.serve(Greetings.class, name -> {
            if (name.isEmpty()) {
                throw new ServiceException(Code.INVALID_ARGUMENT, "nobody has no name");
            }
            return "Hello, " + name + "!";
        });
        // To serve does not wait for long until the registry has answered.
        assertThat(until(command -> command.exit() == Main.OK, "instances", "test.Greetings"))
                .returns(Main.OK, Command::exit);
        assertThat(until(command -> command.exit() == Main.OK, "contract", "show", "test.Greetings"))
                .returns(Main.OK, Command::exit);
    }

    private static Treaty open() {
        return Treaty.open(Settings.parse("test", "defaults: {deadline: 1m, attempt-timeout: 20s}", Map.of())
                .withRegistry(RegistryAddress.parse(address)));
    }

    @AfterAll
    static void stop() throws Exception {
        treaty.close();
        registry.terminate();
        assertThat(registry.exit().get(60, TimeUnit.SECONDS)).isEqualTo(143); // ended by SIGTERM, in good order
        assertThat(LINES).isEmpty();
    }

    private static Command run(String... arguments) {
        return Command.answered(withRegistry(arguments));
    }

    private static Command until(Predicate<Command> right, String... arguments) {
        return Command.until(right, withRegistry(arguments));
    }

    private static String[] withRegistry(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--registry";
        all[arguments.length + 1] = address;
        return all;
    }

    private static String read(String url) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(url)).build();
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    @Test
    void doorsAreOpenedWhereTheyAreAskedFor() throws Exception {
        String endpoint = treaty.endpoint().orElseThrow().authority();
        assertThat(read(addresses.get("consul") + "/v1/health/service/test.Greetings?passing"))
                .contains("\"Service\":\"test.Greetings\"");
        assertThat(read(String.valueOf(addresses.get("prometheus")))).contains("\"targets\":[\"" + endpoint + "\"]");
        assertThat(String.valueOf(addresses.get("dns"))).startsWith("127.0.0.1:");
        assertThat(read(address.replace("treaty:", "http:") + "/-/openapi/treaty.Registry"))
                .contains("\"openapi\" : \"3.1", "/treaty.Registry/watch");
    }

    @Test
    void servicesAreListed() {
        assertThat(run("services").out()).containsPattern("test\\.Greetings +2\\.1\\.0 +1 +1");
        assertThat(run("services", "--json").json())
                .asInstanceOf(LIST)
                .contains(Map.of(
                        "name",
                        "test.Greetings",
                        "versions",
                        List.of("2.1.0"),
                        "instances",
                        1,
                        "passing",
                        1,
                        "stale",
                        0));
    }

    @Test
    void metricsAreAskedOfTheInstances() {
        for (int i = 0; i < 10; i++) {
            run("call", "test.Greetings", "greet", "{\"name\":\"Ada\"}");
        }
        run("call", "test.Greetings", "greet", "{\"name\":\"\"}");

        Command told = until(
                command -> command.exit() == Main.OK
                        && metrics(command).get("silentInstances").equals(0),
                "services",
                "--metrics",
                "--json");
        Map<?, ?> metrics = metrics(told);
        assertThat((Integer) metrics.get("requests")).isPositive(); // those of a minute
        assertThat((Integer) ((Map<?, ?>) metrics.get("errors")).get("invalid_argument"))
                .isPositive();
        assertThat(Double.parseDouble(metrics.get("p99Millis").toString())).isPositive();
        assertThat(metrics.get("silentInstances")).isEqualTo(0);
        assertThat(run("services", "--metrics").out()).contains("CALLS/S", "P99", "test.Greetings");
    }

    private static Map<?, ?> metrics(Command services) {
        return ((List<?>) services.json())
                .stream()
                        .map(service -> (Map<?, ?>) service)
                        .filter(service -> service.get("name").equals("test.Greetings"))
                        .map(service -> (Map<?, ?>) service.get("metrics"))
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    void instancesAreListed() {
        Command all = run("instances", "test.Greetings", "--json");
        assertThat(all.json()).asInstanceOf(LIST).singleElement(MAP).satisfies(instance -> {
            assertThat(instance)
                    .containsEntry("version", "2.1.0")
                    .containsKeys("id", "endpoint", "region", "zone", "weight", "contract");
            assertThat(instance.get("health")).asInstanceOf(MAP).containsEntry("status", "passing");
        });
        assertThat(run("instances").out()).contains("test.Greetings", "treaty.Registry");

        Command none = run("instances", "test.Nobody");
        assertThat(none.exit()).isEqualTo(Main.FAILED);
        assertThat(none.out()).contains("No instance of test.Nobody is registered.");
    }

    @Test
    void aRegistryThatDoesNotAnswerIsNotTakenForAnEmptyOne() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) { // takes calls and answers none
            String silence = "treaty://127.0.0.1:" + silent.getLocalPort();
            for (String command : List.of("instances", "drain")) {
                Command asked = Command.run(command, "test.Greetings", "--registry", silence);

                assertThat(asked.exit()).isEqualTo(Main.FAILED);
                assertThat(asked.out()).isEmpty();
                assertThat(asked.err()).contains("the registry " + silence + " cannot be reached");
            }
        }
    }

    @Test
    void thereMayBeMoreServicesThanAProcessCanFollow() {
        int many = RegistryLimits.BATCH_MAX + 1;
        try (Treaty hub = Treaty.open(Settings.DEFAULTS)) {
            ServiceInstance registry = hub.serveRegistry().instance();
            for (int i = 1; i < many; i++) {
                hub.registry()
                        .register(ServiceInstance.of(
                                "of-many-" + i,
                                new ServiceName("test.Many" + i),
                                new Version(1, 0, 0),
                                registry.endpoint(),
                                registry.startedAt()));
            }
            String full = "treaty://" + registry.endpoint().authority();

            assertThat(Command.answered("services", "--json", "--registry", full)
                            .json())
                    .asInstanceOf(LIST)
                    .hasSize(many);
            assertThat(Command.answered("instances", "--json", "--registry", full)
                            .json())
                    .asInstanceOf(LIST)
                    .hasSize(many);
            assertThat(Command.answered("drain", "of-many-7", "--registry", full)
                            .out())
                    .contains("of-many-7 of test.Many7 is draining");
            Command watch = Command.answered("watch", "--for", "1s", "--registry", full);
            assertThat(watch.exit()).isEqualTo(Main.FAILED);
            assertThat(watch.err()).contains("1025 services to watch", "follow 1024 at most");
        }
    }

    @Test
    void anInstanceIsDrainedAndCalledAgain() {
        try (Treaty other = open()) {
            String id = other.serve(Coming.class, () -> {}).instance().id();
            var coming = treaty.client(Coming.class);
            awaitCall(coming, "");

            assertThat(run("drain", id, "--wait", "1m").out())
                    .contains(id + " of test.Coming is draining: all clients have heard");
            awaitCall(coming, "draining"); // a client that says nothing for two seconds is taken for gone
            assertThat(run("drain", id, "--undo", "--json", "--wait", "1m").json())
                    .isEqualTo(Map.of("id", id, "service", "test.Coming", "draining", false, "heard", true));
            awaitCall(coming, "");

            Command none = run("drain", "nobody");
            assertThat(none.exit()).isEqualTo(Main.FAILED);
            assertThat(none.err()).contains("no instance nobody is registered");
        }
    }

    /** Calls until that is what is wrong with it; nothing where the text is empty. */
    private static void awaitCall(Coming coming, String wrong) {
        long start = System.nanoTime();
        String is;
        do {
            try {
                coming.come();
                is = "";
            } catch (ServiceException e) {
                is = String.valueOf(e.getMessage());
            }
            assertThat(System.nanoTime() - start).as("%s", is).isLessThan(TimeUnit.MINUTES.toNanos(1));
        } while (wrong.isEmpty() ? !is.isEmpty() : !is.contains(wrong));
    }

    @Test
    void aCallPrintsItsResponse(@TempDir Path folder) throws IOException {
        Command call = run("call", "test.Greetings", "greet", "{\"name\":\"Ada\"}");
        assertThat(call.exit()).isEqualTo(Main.OK);
        assertThat(call.json()).isEqualTo(Map.of("result", "Hello, Ada!"));

        Path file = Files.writeString(folder.resolve("request.json"), "{\"name\":\"Grace\"}");
        assertThat(run("call", "test.Greetings", "greet", "@" + file, "--json")
                        .out()
                        .strip())
                .isEqualTo("{\"result\":\"Hello, Grace!\"}");
    }

    @Test
    void aFaultGoesToTheErrorStream() {
        Command call = run("call", "test.Greetings", "greet", "{\"name\":\"\"}");

        assertThat(call.exit()).isEqualTo(Main.FAILED);
        assertThat(call.out()).isEmpty();
        assertThat(call.err().strip()).isEqualTo("invalid_argument: nobody has no name");
        assertThat(run("call", "test.Greetings", "greet", "{\"name\":\"\"}", "--json")
                        .err()
                        .strip())
                .isEqualTo("{\"code\":\"invalid_argument\",\"message\":\"nobody has no name\"}");
        assertThat(run("call", "test.Greetings", "wave").err()).startsWith("unimplemented: ");
        String nobody = "no instance of test.Nobody is registered";
        assertThat(until(command -> command.err().contains(nobody), "call", "test.Nobody", "wave")
                        .err())
                .contains(nobody);
    }

    @Test
    void changesArePrintedAsTheyCome() throws Exception {
        var lines = new LinkedBlockingQueue<String>();
        try (ChildProcess watch = ChildProcess.start(
                ChildProcess.java(
                        List.of(),
                        ChildProcess.ownClassPath(),
                        Main.class.getName(),
                        List.of("watch", "test.Going", "--json", "--registry", address)),
                Map.of(),
                lines::add)) {
            try (Treaty other = open()) {
                ServedService going = other.serve(Going.class, () -> {});
                assertThat(event(lines)).isEqualTo("added");
                going.drain();
                assertThat(event(lines)).isEqualTo("updated");
            }
            assertThat(event(lines)).isEqualTo("removed");
            assertThat(watch.alive()).isTrue();
        }
    }

    /** A service that goes. */
    @Contract(name = "test.Going", version = "1.0.0")
    public interface Going {
        /** Does nothing. */
        void go();
    }

    /** A service that is drained. */
    @Contract(name = "test.Coming", version = "1.0.0")
    public interface Coming {
        /** Does nothing. */
        void come();
    }

    /** What happened next to an instance. */
    private static Object event(BlockingQueue<String> lines) throws InterruptedException {
        Object event;
        do {
            event = ((Map<?, ?>) Json.read(String.valueOf(lines.poll(120, TimeUnit.SECONDS)))).get("event");
        } while ("stale".equals(event) || "current".equals(event)); // of the registry
        return event;
    }

    @Test
    void aPublishedContractIsShownAndExported() {
        assertThat(run("contract", "show", "test.Greetings").out())
                .isEqualTo(ServiceContract.of(Greetings.class).text());
        assertThat(run("contract", "export", "test.Greetings").json())
                .asInstanceOf(MAP)
                .containsEntry("openapi", "3.1.0")
                .extractingByKey("paths", MAP)
                .containsKey("/test.Greetings/greet");
        assertThat(run("contract", "export", "test.Greetings", "--format", "json-schema")
                        .json())
                .isInstanceOf(Map.class);
        assertThat(run("contract", "show", "test.Nobody").err()).contains("no service has published a contract");
    }
}
