package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.HashPolicy;
import dev.treaty.balance.LoadBalancingPolicy;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Priority;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.AdmissionPolicy;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.Jitter;
import dev.treaty.resilience.Policies;
import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.ThrottlePolicy;
import dev.treaty.resilience.TimeoutMode;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class SettingsPropertyTest {

    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void written_settings_are_read_back(@ForAll("settings") Settings settings) {
        assertThat(Settings.parse("printed", yaml(settings), Map.of())).isEqualTo(settings);
    }

    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void effective_values_are_read_back_from_the_environment(@ForAll("tolerances") FaultTolerance tolerance) {
        String yaml = "{defaults: " + yaml(tolerance) + "}";
        var environment = Settings.effective("printed", yaml, Map.of()).values().stream()
                .filter(s -> s.key().startsWith("defaults."))
                .collect(Collectors.toMap(s -> SettingsReading.variableName(s.key()), Setting::value));
        assertThat(Settings.of(environment).defaults()).isEqualTo(tolerance);
    }

    @Property(tries = 2000)
    void a_damaged_file_is_read_or_rejected(@ForAll("damaged") String yaml) {
        try {
            assertThat(Settings.parse("damaged", yaml, Map.of())).isNotNull();
        } catch (ConfigurationException e) {
            assertThat(e.problems()).isNotEmpty();
            assertThat(e.getMessage().lines()).hasSizeLessThan(ConfigurationException.PROBLEMS_MAX + 3);
        }
    }

    @Property(tries = 500)
    void any_environment_is_read_or_rejected(
            @ForAll("variables") Map<String, String> environment, @ForAll("damaged") String yaml) {
        try {
            assertThat(Settings.parse("damaged", yaml, environment)).isNotNull();
        } catch (ConfigurationException e) {
            assertThat(e.problems()).isNotEmpty();
        }
    }

    @Property
    void durations_are_read_back(@ForAll("durations") Duration duration) {
        String yaml = "{server: {drain: " + DurationFormat.write(duration) + "}}";
        assertThat(Settings.parse("printed", yaml, Map.of()).server().drain()).isEqualTo(duration);
    }

    @Provide
    Arbitrary<Duration> durations() {
        return Arbitraries.longs().between(0, 3_600_000_000_000L).map(Duration::ofNanos);
    }

    private static final String SOUND = """
        name: shop
        zone: ${ZONE:eu}
        registry: treaty://127.0.0.1:7400
        server: {port: 8080, body-bytes-max: 8MiB, advertise: "shop"}
        defaults:
          level: enhanced
          retry: {attempts: 4, budget: 30%, backoff: 1m30s, backoff-max: 2h}
        services:
          shop.Orders:
            deadline: 500ms
            operations:
              get: {deadline: 100ms}
        run:
          - contract: shop.Orders
            implementation: shop.StoredOrders
            class-path: [a.jar, b.jar]
          - name: legacy.Web
            address: http://127.0.0.1:8080
        """;

    @Provide
    Arbitrary<String> damaged() {
        var pieces = Arbitraries.of(
                "",
                "\n",
                " ",
                "  ",
                ":",
                ": ",
                "- ",
                "[",
                "]",
                "{",
                "}",
                ",",
                "#",
                "&a ",
                "*a",
                "!x ",
                "|\n",
                ">\n",
                "'",
                "\"",
                "\\",
                "%",
                "@",
                "`",
                "?",
                "~",
                "---\n",
                "...\n",
                "<<",
                "${",
                "}",
                "\t",
                "\u0000",
                "\u0085",
                "\uFEFF",
                "\uD800",
                "é",
                "😀",
                "99999999999999999999",
                "-1",
                "1e999",
                "PT",
                "true",
                "null",
                "name: x\n");
        Arbitrary<String> cut = Combinators.combine(
                        Arbitraries.integers().between(0, SOUND.length()),
                        Arbitraries.integers().between(0, 12),
                        pieces)
                .as((at, length, piece) ->
                        SOUND.substring(0, at) + piece + SOUND.substring(Math.min(SOUND.length(), at + length)));
        return Arbitraries.oneOf(
                cut,
                pieces.list().ofMaxSize(30).map(list -> String.join("", list)),
                Arbitraries.strings().ofMaxLength(40));
    }

    @Provide
    Arbitrary<Map<String, String>> variables() {
        var names = Arbitraries.of(
                "TREATY_NAME",
                "TREATY_",
                "TREATY__",
                "TREATY_SERVER",
                "TREATY_SERVER_PORT",
                "TREATY_RUN_0_CONTRACT",
                "TREATY_SERVICES_SHOP_ORDERS_DEADLINE",
                "TREATY_RUN_1_NAME",
                "ZONE",
                "TREATY_ZONE",
                "TREATY_RUN_0");
        return Arbitraries.maps(names, Arbitraries.strings().ofMaxLength(12)).ofMaxSize(6);
    }

    private static Arbitrary<String> names() {
        return Arbitraries.strings().ofMinLength(1).ofMaxLength(20).filter(s -> !s.isBlank());
    }

    private static Arbitrary<String> places() {
        return Arbitraries.strings().withCharRange('!', '~').ofMaxLength(20);
    }

    private static Arbitrary<String> values() {
        return Arbitraries.strings().filter(PrintableText::isPrintable);
    }

    private static Arbitrary<Integer> whole(int min, int max) {
        return Arbitraries.integers().between(min, max);
    }

    private static Arbitrary<Duration> nanos(long min, long max) {
        return Arbitraries.longs().between(min, max).map(Duration::ofNanos);
    }

    private static Arbitrary<RateLimitPolicy> rates() {
        return Combinators.combine(
                        whole(1, 1000),
                        nanos(1_000_000, 90_000_000_000L),
                        whole(1, 1000),
                        nanos(0, 90_000_000_000L),
                        nanos(0, 90_000_000_000L))
                .as(RateLimitPolicy::new);
    }

    private static Arbitrary<ConcurrencyPolicy> concurrency() {
        return Combinators.combine(
                        Arbitraries.of(true, false), whole(1, 1000), whole(0, 1000), nanos(1, 90_000_000_000L))
                .as(ConcurrencyPolicy::new);
    }

    private static CorsSettings cors(int number) {
        return new CorsSettings(number % 3 == 0 ? List.of("https://shop.example:" + number) : List.of());
    }

    private static List<AddressRange> proxies(int number) {
        return number % 5 == 0
                ? List.of(AddressRange.of("10." + number % 256 + ".0.0/16"), AddressRange.of("fd00::" + number))
                : List.of();
    }

    private static Arbitrary<AdmissionPolicy> limits() {
        return Combinators.combine(
                        rates().optional(),
                        rates().map(rate -> rate.withWarmUp(Duration.ZERO)).optional(),
                        whole(1, 1_000_000),
                        concurrency(),
                        whole(1, 100_000),
                        Arbitraries.of(Priority.class))
                .as(AdmissionPolicy::new);
    }

    @Provide
    Arbitrary<FaultTolerance> tolerances() {
        var retries = Combinators.combine(
                        whole(1, 10),
                        nanos(1, 1_000_000_000),
                        nanos(1_000_000_000, 9_000_000_000L),
                        Arbitraries.doubles().between(1, 100),
                        Arbitraries.of(Jitter.class),
                        Arbitraries.of(Code.class).list().ofMaxSize(3),
                        Arbitraries.doubles().between(0, 1),
                        Arbitraries.doubles().between(0, 1_000_000))
                .as(RetryPolicy::new);
        var breakers = Combinators.combine(
                        Combinators.combine(
                                        Arbitraries.doubles().between(0, 1),
                                        Arbitraries.doubles().between(0, 1),
                                        nanos(1, 90_000_000_000L),
                                        whole(1, 1000))
                                .as((failures, slow, from, calls) -> CircuitBreakerPolicy.DEFAULT
                                        .withFailureRate(failures, calls)
                                        .withSlowRate(slow, from)),
                        whole(1, 100),
                        nanos(1_000_000, 60_000_000_000L),
                        Arbitraries.oneOf(whole(0, 0), whole(1000, 10_000)),
                        nanos(1, 1_000_000_000),
                        nanos(1_000_000_000, 90_000_000_000L),
                        whole(1, 100))
                .as((rates, failures, window, calls, open, openMax, trials) -> rates.withConsecutiveFailures(failures)
                        .withWindow(window)
                        .withWindowCalls(calls)
                        .withOpen(open, openMax)
                        .withHalfOpenCalls(trials));
        var fallbacks = Combinators.combine(
                        nanos(0, 90_000_000_000L),
                        whole(1, 1_000_000),
                        Arbitraries.of("a", "shop.Orders").optional(),
                        names().optional())
                .as(FallbackPolicy::new);
        var throttles = Combinators.combine(
                        Arbitraries.doubles().between(1, 100), nanos(1_000_000_000L, 90_000_000_000L), whole(1, 1000))
                .as(ThrottlePolicy::new);
        var hedges = Combinators.combine(
                        Arbitraries.doubles().between(0.5, 0.99),
                        nanos(1, 90_000_000_000L),
                        Arbitraries.doubles().between(0, 1))
                .as(HedgePolicy::new);
        var levels = Combinators.combine(
                        Arbitraries.of(IsolationLevel.class),
                        nanos(1, 90_000_000_000L),
                        nanos(1, 90_000_000_000L),
                        Arbitraries.of(TimeoutMode.class))
                .as((level, call, attempt, mode) -> FaultTolerance.of(level).withTimeouts(call, attempt, mode));
        return Combinators.combine(
                        levels,
                        retries,
                        breakers,
                        fallbacks,
                        throttles,
                        rates().optional(),
                        concurrency(),
                        hedges.optional())
                .as((level, retry, breaker, fallback, throttle, rate, limit, hedge) -> {
                    var plain = level.with(retry)
                            .with(breaker)
                            .with(fallback)
                            .with(throttle)
                            .with(limit);
                    var limited = rate.map(plain::with).orElse(plain);
                    return hedge.map(limited::with).orElse(limited);
                });
    }

    @Provide
    Arbitrary<Settings> settings() {
        var registries = Arbitraries.of(
                RegistryAddress.EMBEDDED,
                new RegistryAddress.Network("a.b", 1),
                new RegistryAddress.Network("::1", 65_535));
        var registryServers = Combinators.combine(
                        names().optional(),
                        Arbitraries.doubles().between(0, 1),
                        nanos(1_000_000_000L, 86_400_000_000_000L),
                        nanos(1_000_000_000L, 86_400_000_000_000L).optional(),
                        whole(1, 10_000_000))
                .as(RegistryServerSettings::new);
        var servers = Combinators.combine(
                        names(),
                        whole(0, 65_535),
                        whole(1024, 1 << 30),
                        nanos(0, 3_600_000_000_000L),
                        names().optional(),
                        whole(1, 1000),
                        Arbitraries.maps(places().filter(s -> !s.isEmpty()), values())
                                .ofMaxSize(3),
                        limits())
                .as((host, port, bytes, drain, advertise, weight, metadata, limits) -> new ServerSettings(
                        host,
                        port,
                        bytes,
                        cors(weight),
                        proxies(weight),
                        drain,
                        weight % 2 == 0,
                        advertise,
                        weight,
                        metadata,
                        limits));
        var clients = Combinators.combine(
                        whole(1, 65_535), whole(0, 65_535), nanos(1_000_000, 300_000_000_000L), whole(1024, 1 << 30))
                .as(ClientSettings::new);
        var services = Combinators.combine(
                        tolerances(), Arbitraries.maps(names(), tolerances()).ofMaxSize(2))
                .as(SettingsPropertyTest::policies);
        var serviceNames = Arbitraries.of("a", "shop.Orders", "x-y_z").map(ServiceName::new);
        Arbitrary<RunSettings> hosted = Combinators.combine(
                        names(),
                        names(),
                        names().list().ofMaxSize(2),
                        whole(1, 64),
                        names().list().ofMaxSize(2),
                        whole(0, 65_000))
                .as(RunSettings.Hosted::new);
        Arbitrary<RunSettings> existing = Combinators.combine(
                        serviceNames,
                        Arbitraries.of("http://a:1", "https://b/c?d#e").map(URI::create),
                        names().map("/"::concat),
                        whole(0, 9).map(n -> new Version(n, 1, 2)),
                        Combinators.combine(
                                        nanos(10_000_000, 3_600_000_000_000L),
                                        nanos(1_000_000, 3_600_000_000_000L),
                                        whole(1, 100),
                                        whole(1, 100))
                                .as(HealthPolicy::new))
                .as(RunSettings.Existing::new);
        return Combinators.combine(
                        Combinators.combine(
                                        names().filter(PrintableText::isPrintable),
                                        places(),
                                        places(),
                                        registries,
                                        registryServers)
                                .as(Head::new),
                        servers,
                        clients,
                        tolerances(),
                        Arbitraries.maps(serviceNames, services).ofMaxSize(2),
                        Arbitraries.oneOf(hosted, existing).list().ofMaxSize(3),
                        Arbitraries.of(true, false).map(MetricsSettings::new),
                        balances())
                .as((head, server, client, defaults, byName, run, metrics, balance) -> new Settings(
                        head.name,
                        head.region,
                        head.zone,
                        head.registry,
                        head.registryServer,
                        server,
                        client,
                        defaults,
                        byName,
                        run,
                        metrics,
                        balance,
                        FaultSettings.DEFAULT,
                        SecuritySettings.DEFAULT));
    }

    private static Arbitrary<BalanceSettings> balances() {
        return Combinators.combine(
                        Arbitraries.of(LoadBalancingPolicy.values()), whole(0, 1_000), names().optional(), whole(1, 9))
                .as((picker, subset, header, tenths) -> {
                    BalancePolicy usual = BalancePolicy.DEFAULT;
                    var hash =
                            new HashPolicy(header.map(h -> h.toLowerCase(Locale.ROOT)), Optional.empty(), 1 + tenths);
                    return new BalanceSettings(
                            new BalancePolicy(
                                    picker,
                                    hash,
                                    usual.load(),
                                    tenths / 10.0,
                                    usual.ejection().enabled(tenths > 5),
                                    usual.slowStart(),
                                    usual.locality(),
                                    subset),
                            Map.of());
                });
    }

    /** Operations have the breaker of their service. */
    private static Policies policies(FaultTolerance service, Map<String, FaultTolerance> operations) {
        return new Policies(
                service,
                operations.entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, e -> e.getValue().with(service.breaker()))));
    }

    private record Head(
            String name, String region, String zone, RegistryAddress registry, RegistryServerSettings registryServer) {}

    /** Returns any tree of records as YAML, in flow style with quotes. */
    private static String yaml(Object value) {
        return switch (value) {
            case ServiceName name -> quoted(name.value());
            case Version version -> quoted(version.toString());
            case RegistryAddress address -> quoted(address.toString());
            case AddressRange range -> quoted(range.toString());
            case BalanceSettings(var defaults, var _) -> yaml(defaults);
            case Policies(var tolerance, var operations) -> {
                String own = yaml(tolerance);
                yield own.substring(0, own.length() - 1) + ", operations: " + yaml(operations) + "}";
            }
            case Record tree -> {
                var components = RecordReader.of(tree.getClass());
                yield IntStream.range(0, components.size())
                        .mapToObj(i -> components.key(i) + ": " + yaml(components.value(tree, i)))
                        .collect(Collectors.joining(", ", "{", "}"));
            }
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(e -> key(e.getKey()) + ": " + yaml(e.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            case List<?> list ->
                list.stream().map(SettingsPropertyTest::yaml).collect(Collectors.joining(", ", "[", "]"));
            case Optional<?> optional ->
                optional.map(SettingsPropertyTest::yaml).orElse("none");
            case Enum<?> constant -> KeyNames.kebab(constant);
            default -> quoted(value.toString());
        };
    }

    private static String key(Object key) {
        return key instanceof ServiceName name ? escaped(name.value()) : escaped(key.toString());
    }

    /** Returns a value with escaped variables. */
    private static String quoted(String text) {
        return escaped(text.replace("${", "$${"));
    }

    private static String escaped(String text) {
        return text.chars().mapToObj("\\u%04x"::formatted).collect(Collectors.joining("", "\"", "\""));
    }
}
