package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Invalid configurations, each with the exact messages. */
class SettingsProblemsTest {
    private static final String KINDS = " write embedded, treaty://host:port such as treaty://127.0.0.1:7400,"
            + " etcd://host:2379, zookeeper://host:2181, dns://name or file:path";

    /** The prefix of each problem of the file. */
    private static final String FILE = "treaty.yaml:";

    record Invalid(String description, String yaml, Map<String, String> environment, List<String> problems) {}

    private static Invalid file(String description, String yaml, String... problems) {
        return new Invalid(
                description,
                yaml,
                Map.of(),
                Stream.of(problems).map(FILE::concat).toList());
    }

    private static Invalid variable(String name, String value, String... problems) {
        return new Invalid(name + "=" + value, "services: {shop.Orders: {}}", Map.of(name, value), List.of(problems));
    }

    private static ConfigurationException rejected(String yaml, Map<String, String> environment) {
        return catchThrowableOfType(
                ConfigurationException.class, () -> Settings.parse("treaty.yaml", yaml, environment));
    }

    private static Stream<Invalid> values() {
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
                        "a duration that is too long",
                        "defaults: {deadline: 999999999999999999d}",
                        "1:22: defaults.deadline: \"999999999999999999d\" is not a duration; write for example 250ms,"
                                + " 2s or 1m30s"),
                file(
                        "an unknown unit of size",
                        "client: {body-bytes-max: 4 Moo}",
                        "1:26: client.body-bytes-max: \"4 Moo\" is not a size; write for example 64KiB, 4MiB or"
                                + " 4194304"),
                file(
                        "neither true nor false",
                        "metrics: {enabled: yes}",
                        "1:20: metrics.enabled: \"yes\" is not a boolean (true or false)"),
                file(
                        "a word for a boolean",
                        "metrics: {enabled: maybe}",
                        "1:20: metrics.enabled: \"maybe\" is not a boolean (true or false)"),
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
                                + " (port is 70000: use 1 to 65535):"
                                + KINDS),
                file("no value", "name:", "1:6: name: has no value; set one, or remove the key"),
                file(
                        "an unknown variable in a value",
                        "zone: ${ZONE}",
                        "1:7: zone: the environment has no ZONE; set it, or write ${ZONE:default}"),
                file(
                        "a variable that does not end",
                        "zone: \"${ZONE\"",
                        "1:7: zone: \"${\" begins a variable that does not end; write ${NAME}, ${NAME:default}, or"
                                + " $${ for itself"));
    }

    private static Stream<Invalid> records() {
        return Stream.of(
                file(
                        "a value out of range",
                        "client:\n  connect-timeout: 1s\n  connections-max: 0",
                        "3:20: client.connections-max: connections-max is 0: use 1 to 65535"),
                file(
                        "several values out of range",
                        "client:\n  connect-timeout: 1h\n  connections-max: 0",
                        "2:20: client.connect-timeout: connect-timeout is 1h: use 1ms to 5m",
                        "3:20: client.connections-max: connections-max is 0: use 1 to 65535"),
                file(
                        "a value that contradicts an inherited one",
                        "defaults: {retry: {backoff-max: 3s}}\nservices:\n  a.B:\n    retry: {backoff: 4s}",
                        "4:22: services.a.B.retry.backoff: backoff-max (PT3S) is shorter than backoff (PT4S)"),
                file(
                        "two values that contradict each other",
                        "defaults:\n  retry: {backoff: 300ms, backoff-max: 200ms}",
                        "2:10: defaults.retry: backoff-max (PT0.2S) is shorter than backoff (PT0.3S)"),
                file(
                        "a host that is not routable",
                        "server: {host: 0.0.0.0}",
                        "1:16: server.host: host 0.0.0.0 is not routable: set server.advertise"),
                file(
                        "a name of a proxy",
                        "server: {trusted-proxies: [10.0.0.0/8, proxy.example]}",
                        "1:40: server.trusted-proxies[1]: \"proxy.example\" is not a network: write for example"
                                + " 10.0.0.0/8, fd00::/8 or 10.1.2.3"),
                file(
                        "an address with the length of a network",
                        "server: {trusted-proxies: [10.0.0.1/8]}",
                        "1:28: server.trusted-proxies[0]: \"10.0.0.1/8\" is an address within a network: write the"
                                + " first address of the network, or no length"),
                file(
                        "trust in every client",
                        "server: {trusted-proxies: [0.0.0.0/0]}",
                        "1:27: server.trusted-proxies: trusted-proxies contains 0.0.0.0/0, which lets every client"
                                + " state any address: write the networks of the proxies alone"),
                file(
                        "an operation's value",
                        "services: {a.B: {operations: {get: {deadline: 0s}}}}",
                        "1:47: services.a.B.operations.get.deadline: deadline is PT0S: use more than zero"),
                file(
                        "a breaker of one operation",
                        "services: {a.B: {operations: {get: {breaker: {open: 3s}}}}}",
                        "1:46: services.a.B.operations.get.breaker: breakers belong to instances, which serve all"
                                + " operations; set breaker for the service, next to operations"));
    }

    private static Stream<Invalid> security() {
        return Stream.of(
                file(
                        "a certificate without its key",
                        "security: {certificate: a.pem}",
                        "1:25: security.certificate: certificate is set without key: set both, or none"),
                file(
                        "security that is on and off",
                        "security:\n  enabled: true\n  insecure: true",
                        "2:3: security: insecure and enabled are both true: remove one, since a process is either with"
                                + " security or without"),
                file(
                        "a rule that names no caller",
                        "security: {rules: {a: {services: [shop.Orders]}}}",
                        "1:19: security.rules: rule a names no caller: set callers, roles or claims; [\"*\"] are all"
                                + " authenticated callers"),
                file(
                        "a pattern that is no name",
                        "security: {rules: {a: {callers: [x], services: [\"shop*\"]}}}",
                        "1:48: security.rules.a.services: services has \"shop*\", which is no name: write a name"
                                + " without spaces, a name followed by .* for those below it, or *"),
                file(
                        "a role for callers without credentials",
                        "security: {roles: {operator: [anonymous]}}",
                        "1:19: security.roles: roles.operator has anonymous, which cannot have a role: name callers"
                                + " that are authenticated"),
                file(
                        "an issuer whose keys others could replace",
                        "security: {tokens: {issuers: {a: {issuer: \"http://login.example\"}}}}",
                        "1:43: security.tokens.issuers.a.issuer: issuer is not an https address: who can change what is"
                                + " read from there could issue tokens; http is accepted on this machine only"));
    }

    private static Stream<Invalid> structure() {
        return Stream.of(
                file(
                        "a mistyped key",
                        "server:\n  prot: 8080",
                        "2:3: server.prot: no setting has this key; did you mean port? Accepted here: advertise,"
                                + " body-bytes-max, cors, drain, drain-on-exit, host, limits, metadata, port,"
                                + " trusted-proxies, weight"),
                file(
                        "an unknown key",
                        "kubernetes: true",
                        "1:1: kubernetes: no setting has this key; Accepted here: app, balance, client, defaults,"
                                + " faults, metrics, name, region, registry, registry-server, run, security, server,"
                                + " services, zone"),
                file("a key twice", "name: a\nzone: b\nname: c", "3:1: name: is set twice; line 1 sets it already"),
                file("a list for a group", "server: [1]", "1:9: server: expected a group of keys, found a list"),
                file("a value for a group", "server: on", "1:9: server: expected a group of keys, found a value"),
                file("a value for a list", "run: all", "1:6: run: expected a list, found a value"),
                file("a group for a value", "name: {a: b}", "1:7: name: expected one value, found a group of keys"),
                file("a list for everything", "- a", "1:1: expected a group of keys, found a list"),
                file(
                        "an invalid name of a service",
                        "services: {9x: {}}",
                        "1:12: services.9x: \"9x\" is not a service name: use letters, digits, '.', '-' and '_', begin"
                                + " with a letter, at most 128 characters"),
                file(
                        "neither a service to start nor one that runs",
                        "run: [{instances: 2}]",
                        "1:7: run[0]: is neither a service to start nor one that runs already; write contract and"
                                + " implementation, or name and address"),
                file(
                        "both a service to start and one that runs",
                        "run:\n  - contract: a\n    name: b",
                        "2:5: run[0]: is both a service to start and one that runs already; write contract and"
                                + " implementation, or name and address"),
                file(
                        "an incomplete service",
                        "run:\n  - contract: shop.Orders\n    implementatoin: shop.StoredOrders",
                        "2:5: run[0].implementation: is missing and has no default; set it here",
                        "3:5: run[0].implementatoin: no setting has this key; did you mean implementation? Accepted"
                                + " here: class-path, contract, implementation, instances, jvm, port"),
                file(
                        "an unknown scheme",
                        "run: [{name: a, address: 'ftp://x'}]",
                        "1:26: run[0].address: address is ftp://x: write for example http://127.0.0.1:8080;"
                                + " https, grpc, grpcs and tcp are known too"));
    }

    private static Stream<Invalid> yaml() {
        return Stream.of(
                file("invalid YAML", "name: a\n  zone: b", "2:7: not valid YAML: mapping values are not allowed here"),
                file(
                        "an open bracket",
                        "run: [",
                        "1:7: not valid YAML: expected the node content, but found '<stream end>' while parsing a"
                                + " flow node"),
                file(
                        "a control character",
                        "name: a\nzone: \u0007",
                        "2:7: the character U+0007 is not allowed in YAML"),
                file(
                        "an anchor",
                        "name: &a x\nzone: *a",
                        "1:7: name: anchors and aliases are not accepted; repeat the value, or set it under defaults"
                                + " if services share it"),
                file(
                        "nested aliases",
                        "a: &a [x,x]\nb: &b [*a,*a]",
                        "1:4: a: anchors and aliases are not accepted; repeat the value, or set it under defaults if"
                                + " services share it"),
                file(
                        "a tag",
                        "name: !!java.net.URL x",
                        "1:7: name: tags such as tag:yaml.org,2002:java.net.URL are not accepted; remove it"),
                file(
                        "two documents",
                        "name: a\n---\nname: b",
                        "2:1: a second document begins here; write one document" + " to a file"),
                file("a key that is a list", "[a]: b", "1:1: a key is plain text, without anchors, lists or groups"));
    }

    private static Stream<Invalid> variables() {
        return Stream.of(
                variable(
                        "TREATY_SERVR_PORT",
                        "80",
                        "TREATY_SERVR_PORT: no setting has this variable; did you mean TREATY_SERVER_PORT?"),
                variable("TREATY_ENTIRELY_UNHEARD", "1", "TREATY_ENTIRELY_UNHEARD: no setting has this variable"),
                variable(
                        "TREATY_SERVER",
                        "x",
                        "TREATY_SERVER: is the name of a group or a list; set one of its values, such as"
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
                                + " TREATY_SERVICES_SHOP_ORDERS_DEADLINE? A variable can set a value of a service that"
                                + " another layer names"),
                new Invalid(
                        "a variable of two services",
                        "services: {a.B: {}, a-b: {}}",
                        Map.of("TREATY_SERVICES_A_B_DEADLINE", "1s"),
                        List.of("TREATY_SERVICES_A_B_DEADLINE: services.a-b.deadline: this variable could also mean"
                                + " services.a.B.deadline; use the file")));
    }

    @TestFactory
    Stream<DynamicTest> every_problem_is_reported_with_its_place() {
        return Stream.of(values(), records(), security(), structure(), yaml(), variables())
                .flatMap(table -> table)
                .map(invalid -> DynamicTest.dynamicTest(
                        invalid.description,
                        () -> assertThat(rejected(invalid.yaml, invalid.environment)
                                        .problems())
                                .extracting(Problem::toString)
                                .containsExactlyElementsOf(invalid.problems)));
    }

    @Test
    void all_problems_are_reported_together_with_those_of_the_file_first() {
        var exception = rejected("zone: ${A}\nname:", Map.of("TREATY_SERVER_PORT", "x"));
        assertThat(exception).hasMessage("""
            the configuration has 3 problems:
              - treaty.yaml:1:7: zone: the environment has no A; set it, or write ${A:default}
              - treaty.yaml:2:6: name: has no value; set one, or remove the key
              - TREATY_SERVER_PORT: server.port: "x" is not a whole number; write for example 3\
            """);
    }

    @Test
    void of_a_thousand_problems_fifty_are_listed() {
        String yaml = "x: 1\n".repeat(1000);
        var exception = rejected(yaml, Map.of());
        assertThat(exception.problems()).hasSize(ConfigurationException.PROBLEMS_MAX);
        assertThat(exception)
                .hasMessageStartingWith("the configuration has 1000 problems:")
                .hasMessageEndingWith("and 950 more");
    }

    @Test
    void nesting_is_limited() {
        assertThat(rejected("[".repeat(100_000), Map.of()))
                .hasMessageContaining("the nesting is deeper than " + Yaml.DEPTH_MAX + " levels");
        assertThat(rejected("a: ".concat("{a: ".repeat(100_000)), Map.of()))
                .hasMessageContaining("the nesting is deeper than " + Yaml.DEPTH_MAX + " levels");
    }

    @Test
    void quoted_text_cannot_forge_a_line_of_the_message() {
        var exception = rejected("\"a\\nb\": \"c\\nd\"\nname: \"\\e[31m\\n\"\nserver: {port: \"1\\n2\"}", Map.of());
        assertThat(exception.getMessage().lines()).hasSize(4);
        assertThat(exception.getMessage().chars()).noneMatch(c -> c != '\n' && Character.isISOControl(c));
    }

    @Test
    void two_instances_of_a_file_with_one_id_are_a_problem() {
        var exception =
                catchThrowableOfType(ConfigurationException.class, () -> InstancesFile.parse("instances.yaml", """
                    instances:
                      - {id: a, service: shop.Orders, host: h1, port: 1}
                      - {id: b, service: shop.Orders, host: h2, port: 1}
                      - {id: a, service: shop.Orders, host: h3, port: 1}
                    """));
        assertThat(exception)
                .hasMessage("instances.yaml:4:10: instances[2].id: another instance of this file has this id");
    }
}
