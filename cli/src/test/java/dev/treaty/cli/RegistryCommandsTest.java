package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Headers;
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
import java.io.PrintWriter;
import java.io.Writer;
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
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that use a registry, with {@code treaty registry} in its own process. */
class RegistryCommandsTest {
    @Contract(name = "test.Greetings", version = "2.1.0")
    public interface Greetings {
        @Idempotent
        @Description("Greets a person.")
        String greet(@Description("The name of the person.") String name);
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
                        List.of("registry", "--port", "0", "--compat-port", "0", "--dns-port", "0", "--json")),
                Map.of(),
                LINES::add);
        String line = String.valueOf(LINES.poll(120, TimeUnit.SECONDS));
        addresses = (Map<?, ?>) Json.read(line);
        address = (String) addresses.get("registry");
        treaty = open();
        treaty.serve(Greetings.class, name -> {
            if (name.isEmpty()) {
                throw new ServiceException(Code.INVALID_ARGUMENT, "the name is empty");
            }
            if (name.equals("?")) {
                throw new ServiceException(Fault.of(Code.INVALID_ARGUMENT, "the name has no letters")
                        .detail(FaultDetail.text("test.Hint", "a name has letters"))
                        .detail(new FaultDetail("test.Bytes", new byte[] {0, -1})));
            }
            CallContext context = CallContext.current().orElseThrow();
            context.addHeaders(context.headers().without("x-absent"));
            context.addTrailers(Headers.of("x-rows", "17"));
            return "Hello, " + name + "!";
        });
        // serve() may return before the registry has answered.
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
        assertThat(registry.exit().get(60, TimeUnit.SECONDS)).isEqualTo(143); // ended by SIGTERM
        assertThat(LINES).isEmpty();
    }

    private static Command run(String... arguments) {
        return Command.answered(withRegistry(arguments));
    }

    private static Command until(Predicate<Command> expected, String... arguments) {
        return Command.until(expected, withRegistry(arguments));
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
    void compatibility_apis_are_served_on_request() throws Exception {
        String endpoint = treaty.endpoint().orElseThrow().authority();
        assertThat(read(addresses.get("consul") + "/v1/health/service/test.Greetings?passing"))
                .contains("\"Service\":\"test.Greetings\"");
        assertThat(read(String.valueOf(addresses.get("prometheus")))).contains("\"targets\":[\"" + endpoint + "\"]");
        assertThat(String.valueOf(addresses.get("dns"))).startsWith("127.0.0.1:");
        assertThat(read(address.replace("treaty:", "http:") + "/-/openapi/treaty.Registry"))
                .contains("\"openapi\" : \"3.1", "/treaty.Registry/watch");
    }

    @Test
    void services_are_listed() {
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
    void metrics_are_read_from_the_instances() {
        for (int i = 0; i < 10; i++) {
            run("call", "test.Greetings", "greet", "{\"name\":\"Ada\"}");
        }
        run("call", "test.Greetings", "greet", "{\"name\":\"\"}");

        Command services = until(
                command -> command.exit() == Main.OK
                        && metrics(command).get("silentInstances").equals(0),
                "services",
                "--metrics",
                "--json");
        Map<?, ?> metrics = metrics(services);
        assertThat((Integer) metrics.get("requests")).isPositive(); // of the last minute
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
    void instances_are_listed() {
        Command all = run("instances", "test.Greetings", "--json");
        assertThat(all.json()).asInstanceOf(LIST).singleElement(MAP).satisfies(instance -> {
            assertThat(instance)
                    .containsEntry("version", "2.1.0")
                    .containsKeys("id", "endpoint", "region", "zone", "weight", "contract");
            assertThat(instance.get("health")).asInstanceOf(MAP).containsEntry("status", "passing");
        });
        assertThat(run("instances").out()).contains("test.Greetings", "treaty.Registry");

        Command none = run("instances", "test.Greeting");
        assertThat(none.exit()).isEqualTo(Main.FAILED);
        assertThat(none.out()).isEmpty();
        assertThat(none.err()).contains("no instance of test.Greeting is registered; did you mean test.Greetings?");
    }

    @Test
    void a_registry_that_does_not_answer_is_not_taken_for_empty() throws IOException {
        try (var silent =
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) { // accepts connections and answers nothing
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
    void a_call_that_waits_for_a_silent_registry_says_so() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String silence = "treaty://127.0.0.1:" + silent.getLocalPort();
            Command call = Command.run("call", "a.B", "c", "--deadline", "3s", "--registry", silence);

            assertThat(call.err()).startsWith("deadline_exceeded:").contains("the registry " + silence + " cannot be");
        }
    }

    @Test
    void commands_end_when_no_program_reads_their_output(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(
                directory.resolve("treaty.yaml"), "run:\n - {name: test.Legacy, address: 'http://127.0.0.1:1'}\n");
        for (String command : List.of("watch test.Greetings", "up " + file)) {
            var closed = new PrintWriter(new BrokenPipe());
            var ended = new FutureTask<>(
                    () -> Main.run(closed, new PrintWriter(Writer.nullWriter()), withRegistry(command.split(" "))));
            Thread.startVirtualThread(ended);
            assertThat(ended.get(60, TimeUnit.SECONDS)).as(command).isEqualTo(Main.OK);
        }
    }

    /** The output of {@code treaty … | head} after head has ended. */
    private static final class BrokenPipe extends Writer {
        @Override
        public void write(char[] characters, int from, int length) throws IOException {
            throw new IOException("Broken pipe");
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @Test
    void more_services_can_be_listed_than_watched() {
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
            assertThat(watch.err()).contains("1025 services to watch", "at most 1024");
        }
    }

    @Test
    void an_instance_is_drained_and_called_again() {
        try (Treaty other = open()) {
            String id = other.serve(Coming.class, () -> {}).instance().id();
            var coming = treaty.client(Coming.class);
            awaitCall(coming, "");

            assertThat(run("drain", id, "--wait", "1m").out())
                    .contains(id + " of test.Coming is draining: all clients have acknowledged");
            awaitCall(coming, "draining"); // clients that are silent for two seconds are not awaited
            assertThat(run("drain", id, "--undo", "--json", "--wait", "1m").json())
                    .isEqualTo(Map.of("id", id, "service", "test.Coming", "draining", false, "acknowledged", true));
            awaitCall(coming, "");

            Command none = run("drain", "no-such-instance");
            assertThat(none.exit()).isEqualTo(Main.FAILED);
            assertThat(none.err()).contains("no instance no-such-instance is registered");
        }
    }

    /** Calls until the call fails with this text, or succeeds if the text is empty. */
    private static void awaitCall(Coming coming, String error) {
        long start = System.nanoTime();
        String actual;
        do {
            try {
                coming.come();
                actual = "";
            } catch (ServiceException e) {
                actual = String.valueOf(e.getMessage());
            }
            assertThat(System.nanoTime() - start).as("%s", actual).isLessThan(TimeUnit.MINUTES.toNanos(1));
        } while (error.isEmpty() ? !actual.isEmpty() : !actual.contains(error));
    }

    @Test
    void a_call_prints_its_response(@TempDir Path folder) throws IOException {
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
    void a_call_sends_headers_and_prints_those_of_the_response() {
        Command call = run(
                "call",
                "test.Greetings",
                "greet",
                "{\"name\":\"Ada\"}",
                "-H",
                "X-Tenant: acme",
                "-H",
                "x-tenant:b: c",
                "--header",
                "x-key-bin: AQ==",
                "-H",
                "authorization: Bearer secret",
                "-v");
        assertThat(call.exit()).isEqualTo(Main.OK);
        assertThat(call.json()).isEqualTo(Map.of("result", "Hello, Ada!"));
        assertThat(call.err().lines())
                .startsWith(
                        "header x-tenant: acme",
                        "header x-tenant: b: c",
                        "header x-key-bin: AQ",
                        "header authorization: ***",
                        "trailer x-rows: 17",
                        "instance "
                                + treaty.registry()
                                        .instances(new ServiceName("test.Greetings"))
                                        .getFirst()
                                        .id(),
                        "attempts 1")
                .endsWith("origin service");
        Command json = run("call", "test.Greetings", "greet", "{\"name\":\"Ada\"}", "-H", "x-a: 1", "-v", "--json");
        assertThat(Json.read(json.err()))
                .asInstanceOf(MAP)
                .containsEntry("headers", Map.of("x-a", List.of("1")))
                .containsEntry("trailers", Map.of("x-rows", List.of("17")))
                .containsEntry("attempts", 1)
                .containsEntry("origin", "service");
        assertThat(run("call", "test.Greetings", "greet", "-H", "host: a").err())
                .contains("the header host is set by the transport");
        assertThat(run("call", "test.Greetings", "greet", "-H", "x-a").err())
                .contains("a header has a name and a value: 'NAME: VALUE'");
    }

    @Test
    void a_verbose_call_prints_the_details_of_a_fault() {
        Command call = run("call", "test.Greetings", "greet", "{\"name\":\"?\"}", "-v");

        assertThat(call.exit()).isEqualTo(Main.FAILED);
        assertThat(call.err().lines())
                .contains("detail test.Hint a name has letters", "detail test.Bytes AP8")
                .endsWith("invalid_argument: the name has no letters");
        assertThat(Json.read(run("call", "test.Greetings", "greet", "{\"name\":\"?\"}", "-v", "--json")
                        .err()
                        .lines()
                        .findFirst()
                        .orElseThrow()))
                .asInstanceOf(MAP)
                .containsEntry(
                        "details",
                        List.of(
                                Map.of("type", "test.Hint", "value", "a name has letters"),
                                Map.of("type", "test.Bytes", "value", "AP8")));
    }

    @Test
    void faults_go_to_the_error_stream() {
        Command call = run("call", "test.Greetings", "greet", "{\"name\":\"\"}");

        assertThat(call.exit()).isEqualTo(Main.FAILED);
        assertThat(call.out()).isEmpty();
        assertThat(call.err().strip()).isEqualTo("invalid_argument: the name is empty");
        assertThat(run("call", "test.Greetings", "greet", "{\"name\":\"\"}", "--json")
                        .err()
                        .strip())
                .isEqualTo("{\"code\":\"invalid_argument\",\"message\":\"the name is empty\"}");
        assertThat(run("call", "test.Greetings", "wave").err()).startsWith("unimplemented: ");
        String mistyped = "no instance of test.Greeting is registered; did you mean test.Greetings?";
        assertThat(until(command -> command.err().contains(mistyped), "call", "test.Greeting", "greet")
                        .err())
                .contains(mistyped);
    }

    @Test
    void changes_are_printed_as_they_occur() throws Exception {
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

    @Contract(name = "test.Going", version = "1.0.0")
    public interface Going {
        void go();
    }

    @Contract(name = "test.Coming", version = "1.0.0")
    public interface Coming {
        void come();
    }

    /** Returns the next event of an instance. */
    private static Object event(BlockingQueue<String> lines) throws InterruptedException {
        Object event;
        do {
            event = ((Map<?, ?>) Json.read(String.valueOf(lines.poll(120, TimeUnit.SECONDS)))).get("event");
        } while ("stale".equals(event) || "current".equals(event)); // events of the registry
        return event;
    }

    @Test
    void a_published_contract_is_shown_and_exported() {
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
        assertThat(run("contract", "show", "test.Greeting", "--json").err().strip())
                .isEqualTo("{\"code\":\"failed\",\"message\":\"no contract of test.Greeting is published;"
                        + " did you mean test.Greetings?\"}");
    }

    @Test
    void instances_are_listed_by_health_and_with_their_renewals() {
        assertThat(run("instances", "--health", "passing,unknown", "test.Greetings")
                        .out())
                .contains("test.Greetings");
        Command critical = run("instances", "--health", "critical", "test.Greetings");
        assertThat(critical.exit()).isEqualTo(Main.OK);
        assertThat(critical.out()).contains("No instance has this health.");
        Command mistyped = run("instances", "--health", "critical", "test.Greeting");
        assertThat(mistyped.exit()).isEqualTo(Main.FAILED);
        assertThat(mistyped.err()).contains("did you mean test.Greetings?");
        assertThat(run("instances", "test.Greetings", "--renewals").out())
                .containsPattern("RENEWED")
                .containsPattern("20[0-9]{2}-[0-9]{2}-[0-9]{2}T");
        assertThat(run("instances", "test.Greetings", "--renewals", "--json").json())
                .asInstanceOf(LIST)
                .first(MAP)
                .containsKey("renewed");
    }

    @Test
    void a_version_of_a_contract_is_withdrawn_unless_instances_run_it(@TempDir Path directory) throws IOException {
        Path file =
                Files.writeString(directory.resolve("old.contract"), "contract test.Old 1.0.0\n\nget() -> string\n");
        assertThat(run("contract", "publish", file.toString()).exit()).isEqualTo(Main.OK);

        assertThat(run("contract", "withdraw", "test.Old", "1.0.0").out()).contains("test.Old 1.0.0 is withdrawn");
        assertThat(run("contract", "show", "test.Old").exit()).isEqualTo(Main.FAILED);
        assertThat(run("contract", "withdraw", "test.Old", "1.0.0").err()).contains("1.0.0");
        Command used = run("contract", "withdraw", "test.Greetings", "2.1.0");
        assertThat(used.exit()).isEqualTo(Main.FAILED);
        assertThat(used.err()).contains("2.1.0");
        assertThat(run("contract", "withdraw", "test.Greetings", "two").err()).contains("two");
    }

    @Test
    void commands_succeed_although_one_of_two_registries_is_down_R2() throws IOException {
        String dead;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            dead = "treaty://127.0.0.1:" + free.getLocalPort();
        }
        String id = treaty.registry()
                .instances(new ServiceName("test.Greetings"))
                .getFirst()
                .id();
        for (String both : List.of(dead + " + " + address, address + " + " + dead)) {
            assertThat(Command.run("services", "--registry", both)).returns(Main.OK, Command::exit);
            assertThat(Command.run("instances", "test.Greetings", "--registry", both))
                    .returns(Main.OK, Command::exit);
            assertThat(Command.run("contract", "show", "test.Greetings", "--registry", both))
                    .returns(Main.OK, Command::exit);
            assertThat(Command.run("drain", id, "--wait", "1m", "--registry", both))
                    .returns(Main.OK, Command::exit);
            assertThat(Command.run("drain", id, "--undo", "--wait", "1m", "--registry", both))
                    .returns(Main.OK, Command::exit);
        }
        Command none = Command.run("instances", "--registry", dead + " + " + dead.replace("127.0.0.1", "localhost"));
        assertThat(none.exit()).isEqualTo(Main.FAILED);
        assertThat(none.err()).contains("cannot be reached");
    }
}
