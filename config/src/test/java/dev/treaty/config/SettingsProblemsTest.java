package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Bad configurations, and to the letter what is said about them. */
class SettingsProblemsTest {
    private static final String KINDS = " write embedded, treaty://host:port such as treaty://127.0.0.1:7400,"
            + " etcd://host:2379, zookeeper://host:2181, dns://name or file:path";

    /** What each problem of the file begins with. */
    private static final String FILE = "treaty.yaml:";

    record Bad(String what, String yaml, Map<String, String> environment, List<String> problems) {}

    private static Bad file(String what, String yaml, String... problems) {
        return new Bad(
                what, yaml, Map.of(), Stream.of(problems).map(FILE::concat).toList());
    }

    private static Bad variable(String name, String value, String... problems) {
        return new Bad(name + "=" + value, "services: {shop.Orders: {}}", Map.of(name, value), List.of(problems));
    }

    private static ConfigurationException refused(String yaml, Map<String, String> environment) {
        return catchThrowableOfType(
                ConfigurationException.class, () -> Settings.parse("treaty.yaml", yaml, environment));
    }

    private static Stream<Bad> values() {
        return Stream.of(
                file(
                        "a word for a number",
                        "services:\n  shop.Orders:\n    retry:\n      attempts: many",
                        "4:17: services.shop.Orders.retry.attempts: \"many\" is not a whole number; write for example"
                                + " 3"),
                file(
                        "a number that is too large",
                        "server: {port: 99999999999}",
                        "1:16: server.port: \"99999999999\" is not in range; use -2147483648 to 2147483647"),
                file(
                        "a word for a rate",
                        "defaults: {retry: {budget: much}}",
                        "1:28: defaults.retry.budget: \"much\" is not a number; write for example 0.2 or 20%"),
                file(
                        "a duration without unit",
                        "defaults: {deadline: 5}",
                        "1:22: defaults.deadline: \"5\" is not a duration; write for example 250ms, 2s or 1m30s"),
                file(
                        "a duration whose units are out of order",
                        "defaults: {deadline: 5s1m}",
                        "1:22: defaults.deadline: \"5s1m\" is not a duration; write for example 250ms, 2s or 1m30s"),
                file(
                        "a duration beyond all bounds",
                        "defaults: {deadline: 999999999999999999d}",
                        "1:22: defaults.deadline: \"999999999999999999d\" is not a duration; write for example 250ms,"
                                + " 2s or 1m30s"),
                file(
                        "a size of nothing known",
                        "client: {body-bytes-max: 4 Moo}",
                        "1:26: client.body-bytes-max: \"4 Moo\" is not a size; write for example 64KiB, 4MiB or"
                                + " 4194304"),
                file(
                        "neither true nor false",
                        "metrics: {enabled: maybe}",
                        "1:20: metrics.enabled: \"maybe\" is not a yes or no; write true or false"),
                file(
                        "a mistyped word of a closed list",
                        "defaults: {level: ful}",
                        "1:19: defaults.level: \"ful\" is not accepted; did you mean full? Use one of none, basic,"
                                + " enhanced, full"),
                file(
                        "a word far from any of a closed list",
                        "defaults: {level: paranoid}",
                        "1:19: defaults.level: \"paranoid\" is not accepted; use one of none, basic, enhanced, full"),
                file(
                        "an unknown registry",
                        "registry: zookeeper",
                        "1:11: registry: \"zookeeper\" is no registry (it begins with none of these):" + KINDS),
                file(
                        "a registry's port out of range",
                        "registry: treaty://localhost:70000",
                        "1:11: registry: \"treaty://localhost:70000\" is no registry"
                                + " (port 70000 is out of range: use 1 to 65535):"
                                + KINDS),
                file("no value", "name:", "1:6: name: has no value; write one, or leave the key out"),
                file(
                        "an unknown variable in a value",
                        "zone: ${ZONE}",
                        "1:7: zone: the environment has no ZONE; set it, or write ${ZONE:otherwise} for what to take"
                                + " then"),
                file(
                        "a variable that does not end",
                        "zone: \"${ZONE\"",
                        "1:7: zone: \"${\" begins a variable that does not end; write ${NAME}, ${NAME:otherwise}, or"
                                + " $${ for itself"));
    }

    private static Stream<Bad> records() {
        return Stream.of(
                file(
                        "a value that its record refuses",
                        "client:\n  connect-timeout: 1s\n  connections-max: 0",
                        "3:20: client.connections-max: connections-max is 0: use 1 to 65535"),
                file(
                        "several that their record refuses",
                        "client:\n  connect-timeout: 1h\n  connections-max: 0",
                        "2:20: client.connect-timeout: connect-timeout is 1h: use 1ms to 5m",
                        "3:20: client.connections-max: connections-max is 0: use 1 to 65535"),
                file(
                        "one that does not fit to what is inherited",
                        "defaults: {retry: {backoff-max: 3s}}\nservices:\n  a.B:\n    retry: {backoff: 4s}",
                        "4:22: services.a.B.retry.backoff: backoff-max (PT3S) is shorter than backoff (PT4S)"),
                file(
                        "two that do not fit together",
                        "defaults:\n  retry: {backoff: 300ms, backoff-max: 200ms}",
                        "2:10: defaults.retry: backoff-max (PT0.2S) is shorter than backoff (PT0.3S)"),
                file(
                        "a host that nobody can call",
                        "server: {host: 0.0.0.0}",
                        "1:16: server.host: host 0.0.0.0 is no address that clients could call: also set advertise to"
                                + " one"),
                file(
                        "an operation's value",
                        "services: {a.B: {operations: {get: {deadline: 0s}}}}",
                        "1:47: services.a.B.operations.get.deadline: deadline is PT0S: use more than nothing"),
                file(
                        "a breaker of one operation",
                        "services: {a.B: {operations: {get: {breaker: {open: 3s}}}}}",
                        "1:46: services.a.B.operations.get.breaker: breakers stand at the instances, which serve all"
                                + " operations; set breaker for the service, beside operations"));
    }

    private static Stream<Bad> structure() {
        return Stream.of(
                file(
                        "a mistyped key",
                        "server:\n  prot: 8080",
                        "2:3: server.prot: no setting has this key; did you mean port? Accepted here: advertise,"
                                + " body-bytes-max, drain, drain-on-exit, host, limits, metadata, port, weight"),
                file(
                        "an unknown key",
                        "kubernetes: true",
                        "1:1: kubernetes: no setting has this key; Accepted here: balance, client, defaults, faults,"
                                + " metrics, name, region, registry, registry-server, run, server, services, zone"),
                file(
                        "a key twice",
                        "name: a\nzone: b\nname: c",
                        "3:1: name: is written twice; it is in line 1 already"),
                file("a list for a group", "server: [1]", "1:9: server: here is a list where a group of keys belongs"),
                file("a value for a group", "server: on", "1:9: server: here is a value where a group of keys belongs"),
                file("a value for a list", "run: all", "1:6: run: here is a value where a list belongs"),
                file(
                        "a group for a value",
                        "name: {a: b}",
                        "1:7: name: here is a group of keys where one value belongs"),
                file("a list for everything", "- a", "1:1: here is a list where a group of keys belongs"),
                file(
                        "a name that no service can have",
                        "services: {9x: {}}",
                        "1:12: services.9x: \"9x\" is not a service name: use letters, digits, '.', '-' and '_', begin"
                                + " with a letter, at most 128 characters"),
                file(
                        "nothing that could run",
                        "run: [{instances: 2}]",
                        "1:7: run[0]: is neither a service to start nor one that runs elsewhere; write contract and"
                                + " implementation, or name and address"),
                file(
                        "two things at once",
                        "run:\n  - contract: a\n    name: b",
                        "2:5: run[0]: is both a service to start and one that runs elsewhere; write contract and"
                                + " implementation, or name and address"),
                file(
                        "half a service",
                        "run:\n  - contract: shop.Orders\n    implementatoin: shop.StoredOrders",
                        "2:5: run[0].implementation: is missing, and has no default; write it here",
                        "3:5: run[0].implementatoin: no setting has this key; did you mean implementation? Accepted"
                                + " here: class-path, contract, implementation, instances, jvm, port"),
                file(
                        "an address of something else",
                        "run: [{name: a, address: 'ftp://x'}]",
                        "1:7: run[0]: address is ftp://x: write for example http://127.0.0.1:8080;"
                                + " https, grpc, grpcs and tcp are known too"));
    }

    private static Stream<Bad> yaml() {
        return Stream.of(
                file("no YAML", "name: a\n  zone: b", "2:7: this is not YAML: mapping values are not allowed here"),
                file(
                        "an open bracket",
                        "run: [",
                        "1:7: this is not YAML: expected the node content, but found '<stream end>' while parsing a"
                                + " flow node"),
                file(
                        "a character of no use",
                        "name: a\nzone: \u0007",
                        "2:7: the character U+0007 is not allowed in YAML"),
                file(
                        "an anchor",
                        "name: &a x\nzone: *a",
                        "1:7: name: anchors and aliases are not accepted; write the value out, or put what services"
                                + " share under defaults"),
                file(
                        "a laugh a billion times over",
                        "a: &a [x,x]\nb: &b [*a,*a]",
                        "1:4: a: anchors and aliases are not accepted; write the value out, or put what services share"
                                + " under defaults"),
                file(
                        "a tag",
                        "name: !!java.net.URL x",
                        "1:7: name: tags such as tag:yaml.org,2002:java.net.URL are not accepted; leave it out"),
                file(
                        "two documents",
                        "name: a\n---\nname: b",
                        "2:1: a second document begins here; write one document" + " to a file"),
                file("a key that is a list", "[a]: b", "1:1: a key is plain text, without anchors, lists or groups"));
    }

    private static Stream<Bad> variables() {
        return Stream.of(
                variable(
                        "TREATY_SERVR_PORT",
                        "80",
                        "TREATY_SERVR_PORT: no setting has this variable; did you mean TREATY_SERVER_PORT?"),
                variable("TREATY_ENTIRELY_UNHEARD", "1", "TREATY_ENTIRELY_UNHEARD: no setting has this variable"),
                variable(
                        "TREATY_SERVER",
                        "x",
                        "TREATY_SERVER: stands for a group or a list; set one of its values, such as"
                                + " TREATY_SERVER_ADVERTISE"),
                variable(
                        "TREATY_CLIENT_CONNECT_TIMEOUT",
                        "soon",
                        "TREATY_CLIENT_CONNECT_TIMEOUT: client.connect-timeout: \"soon\" is not a duration; write for"
                                + " example 250ms, 2s or 1m30s"),
                variable("TREATY_SERVER_PORT", "-1", "TREATY_SERVER_PORT: server.port: port is -1: use 0 to 65535"),
                variable(
                        "TREATY_SERVICES_SHOP_ORDER_DEADLINE",
                        "1s",
                        "TREATY_SERVICES_SHOP_ORDER_DEADLINE: no setting has this variable; did you mean"
                                + " TREATY_SERVICES_SHOP_ORDERS_DEADLINE? A service's settings can be set so where the"
                                + " file names it"),
                new Bad(
                        "a variable of two services",
                        "services: {a.B: {}, a-b: {}}",
                        Map.of("TREATY_SERVICES_A_B_DEADLINE", "1s"),
                        List.of("TREATY_SERVICES_A_B_DEADLINE: services.a-b.deadline: this variable could also mean"
                                + " services.a.B.deadline; use the file")));
    }

    @TestFactory
    Stream<DynamicTest> everyProblemIsToldWithItsPlace() {
        return Stream.of(values(), records(), structure(), yaml(), variables())
                .flatMap(table -> table)
                .map(bad -> DynamicTest.dynamicTest(
                        bad.what,
                        () -> assertThat(refused(bad.yaml, bad.environment).problems())
                                .extracting(Problem::toString)
                                .containsExactlyElementsOf(bad.problems)));
    }

    @Test
    void allProblemsAreToldAtOnceFileFirst() {
        var exception = refused("zone: ${A}\nname:", Map.of("TREATY_SERVER_PORT", "x"));
        assertThat(exception).hasMessage("""
            the configuration has 3 problems:
              - treaty.yaml:1:7: zone: the environment has no A; set it, or write ${A:otherwise} for what \
            to take then
              - treaty.yaml:2:6: name: has no value; write one, or leave the key out
              - TREATY_SERVER_PORT: server.port: "x" is not a whole number; write for example 3\
            """);
    }

    @Test
    void aThousandProblemsAreCountedAndFiftyTold() {
        String yaml = "x: 1\n".repeat(1000);
        var exception = refused(yaml, Map.of());
        assertThat(exception.problems()).hasSize(ConfigurationException.PROBLEMS_MAX);
        assertThat(exception)
                .hasMessageStartingWith("the configuration has 1000 problems:")
                .hasMessageEndingWith("and 950 more");
    }

    @Test
    void nestingIsBounded() {
        assertThat(refused("[".repeat(100_000), Map.of()))
                .hasMessageContaining("the nesting is deeper than " + Yaml.DEPTH_MAX + " levels");
        assertThat(refused("a: ".concat("{a: ".repeat(100_000)), Map.of()))
                .hasMessageContaining("the nesting is deeper than " + Yaml.DEPTH_MAX + " levels");
    }

    @Test
    void whatOthersWroteCannotForgeALineOfTheMessage() {
        var exception = refused("\"a\\nb\": \"c\\nd\"\nname: \"\\e[31m\\n\"\nserver: {port: \"1\\n2\"}", Map.of());
        assertThat(exception.getMessage().lines()).hasSize(3);
        assertThat(exception.getMessage().chars()).noneMatch(c -> c != '\n' && Character.isISOControl(c));
    }
}
