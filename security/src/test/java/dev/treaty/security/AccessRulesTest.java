package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Principal.Proof;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.Decision;
import dev.treaty.security.AccessPolicy.Effect;
import dev.treaty.security.AccessPolicy.Rule;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AccessRulesTest {
    private static final List<String> NAMES = List.of(
            "shop",
            "shop.Web",
            "shop.Orders",
            "shop.Orders.Archive",
            "shopping.Cart",
            "alice",
            "ns/shop/sa/web",
            "bob");
    private static final List<String> RESOURCES = List.of(
            "shop",
            "shop.Web",
            "shop.Orders",
            "shop.Orders.Archive",
            "shopping.Cart",
            "treaty.Registry",
            "treaty.Control",
            "treaty.Introspection",
            "treaty.Tokens",
            "treaty",
            "/-/health",
            "/-/health/shop.Orders",
            "/-/healthy",
            "/-/metrics",
            "/v1/agent",
            "/");
    private static final List<String> ACTIONS = List.of(
            "place",
            "show",
            "show.all",
            "register",
            "get",
            "post",
            "treaty.register",
            "treaty.publish",
            "treaty.force",
            "treaty.drain",
            "treaty.watch",
            "treaty.settings");
    private static final List<String> ROLES = List.of("operator", "reader", "buyer");

    private static Principal certificate(String name) {
        return Principal.proven(name, Proof.CERTIFICATE);
    }

    private static Rule rule(List<String> callers, List<String> services, List<String> operations, Effect effect) {
        return new Rule(callers, List.of(), Map.of(), services, operations, effect);
    }

    private static AccessPolicy policy(Map<String, Rule> rules) {
        return new AccessPolicy(rules, Map.of(), Map.of(), false);
    }

    // ------------------------------------------------------------------------------------------ The matrix and its
    // model

    /** What the rules mean, written in another way: by segments of names, without indexes. */
    private static final class Model {
        private final AccessPolicy policy;

        Model(AccessPolicy policy) {
            this.policy = policy;
        }

        static boolean below(String name, String pattern) {
            char separator = pattern.charAt(pattern.length() - 2);
            List<String> parent = segments(pattern.substring(0, pattern.length() - 2), separator);
            List<String> own = segments(name, separator);
            return own.size() > parent.size() && own.subList(0, parent.size()).equals(parent);
        }

        private static List<String> segments(String name, char separator) {
            return Arrays.asList(name.split(separator == '.' ? "\\." : "/", -1));
        }

        static boolean named(String name, List<String> patterns) {
            return patterns.stream()
                    .filter(pattern -> !pattern.equals("*"))
                    .anyMatch(pattern -> pattern.endsWith("*") ? below(name, pattern) : name.equals(pattern));
        }

        static boolean treatys(String name) {
            return name.startsWith("treaty.") || name.startsWith("/");
        }

        boolean hasRole(Principal caller, String role) {
            List<String> given = policy.roles().getOrDefault(role, List.of());
            return caller.roles().contains(role) || given.contains("*") || named(caller.name(), given);
        }

        boolean matches(Rule rule, Principal caller, String resource, String action) {
            boolean deny = rule.effect() == Effect.DENY;
            boolean authenticated = caller.proof() != Proof.NONE;
            boolean name = rule.callers().isEmpty()
                    || (authenticated
                            ? rule.callers().contains("*") || named(caller.name(), rule.callers())
                            : rule.callers().contains("anonymous")
                                    || (deny && rule.callers().contains("*")));
            boolean role = rule.roles().isEmpty()
                    || (authenticated && rule.roles().stream().anyMatch(each -> hasRole(caller, each)));
            boolean claims = rule.claims().entrySet().stream()
                    .allMatch(claim -> authenticated
                            && Arrays.asList(caller.claims()
                                            .getOrDefault(claim.getKey(), "")
                                            .split(" "))
                                    .contains(claim.getValue()));
            boolean service =
                    named(resource, rule.services()) || (rule.services().contains("*") && (deny || !treatys(resource)));
            boolean operation =
                    named(action, rule.operations()) || (rule.operations().contains("*") && (deny || !treatys(action)));
            return name && role && claims && service && operation;
        }

        boolean builtIn(Principal caller, String resource, String action) {
            boolean reads = action.equals("get") || action.equals("head");
            if (reads && (resource.equals("/-/health") || resource.startsWith("/-/health/"))) {
                return true;
            }
            if (caller.proof() == Proof.NONE) {
                return false;
            }
            boolean own = caller.proof() == Proof.CERTIFICATE
                    && (resource.equals(caller.name()) || below(resource, caller.name() + ".*"));
            boolean given = ServiceName.LENGTH_MAX >= resource.length()
                    && policy.services().entrySet().stream()
                            .anyMatch(each -> each.getKey().value().equals(resource)
                                    && (each.getValue().contains("*") || named(caller.name(), each.getValue())));
            return ((own || given) && (action.equals("treaty.register") || action.equals("treaty.publish")))
                    || action.equals("treaty.watch")
                    || (resource.equals("treaty.Registry") && !action.startsWith("treaty."))
                    || (hasRole(caller, "operator") && (action.startsWith("treaty.") || treatys(resource)))
                    || (hasRole(caller, "reader")
                            && ((reads && resource.startsWith("/")) || resource.equals("treaty.Introspection")));
        }

        boolean allows(Principal caller, String resource, String action) {
            List<Rule> matching = policy.rules().values().stream()
                    .filter(rule -> matches(rule, caller, resource, action))
                    .toList();
            return matching.stream().noneMatch(rule -> rule.effect() == Effect.DENY)
                    && (!matching.isEmpty() || builtIn(caller, resource, action));
        }
    }

    private static <T> List<T> some(List<T> all, int most, Random random) {
        return Stream.generate(() -> all.get(random.nextInt(all.size())))
                .limit(random.nextInt(most + 1))
                .distinct()
                .toList();
    }

    private static List<String> patterns(List<String> names, Random random) {
        var patterns = new ArrayList<String>();
        for (String name : some(names, 3, random)) {
            patterns.add(name.length() < 2 || random.nextInt(3) > 0 ? name : name + (name.contains("/") ? "/*" : ".*"));
        }
        if (random.nextInt(4) == 0) {
            patterns.add("*");
        }
        return patterns;
    }

    private static Optional<AccessPolicy> policy(Random random) {
        try {
            var rules = new HashMap<String, Rule>();
            for (int i = random.nextInt(6); i > 0; i--) {
                List<String> roles = random.nextInt(3) == 0 ? some(ROLES, 2, random) : List.of();
                Map<String, String> claims = random.nextInt(4) == 0 ? Map.of("tenant", "acme") : Map.of();
                var callers = new ArrayList<>(patterns(NAMES, random));
                if (roles.isEmpty() && claims.isEmpty() && random.nextInt(4) == 0) {
                    callers.add("anonymous");
                }
                rules.put(
                        "rule" + i,
                        new Rule(
                                callers,
                                roles,
                                claims,
                                patterns(RESOURCES, random),
                                patterns(ACTIONS, random),
                                random.nextInt(3) == 0 ? Effect.DENY : Effect.ALLOW));
            }
            var roles = new HashMap<String, List<String>>();
            some(ROLES, 2, random).forEach(role -> roles.put(role, patterns(NAMES, random)));
            var services = new HashMap<ServiceName, List<String>>();
            some(List.of("shop.Orders", "shopping.Cart", "treaty.Registry"), 2, random)
                    .forEach(service -> services.put(new ServiceName(service), patterns(NAMES, random)));
            return Optional.of(new AccessPolicy(rules, roles, services, false));
        } catch (IllegalArgumentException _) { // a rule that names nothing, or too little
            return Optional.empty();
        }
    }

    private static List<Principal> callers() {
        var callers = new ArrayList<Principal>(List.of(Principal.ANONYMOUS, certificate("anonymous")));
        for (String name : NAMES) {
            callers.add(certificate(name));
            callers.add(Principal.claimed(name));
            callers.add(new Principal(name, Proof.TOKEN, Set.of(), Map.of("tenant", "other acme")));
            callers.add(new Principal(name, Proof.API_KEY, Set.of("buyer"), Map.of("tenant", "acme-2")));
            callers.add(new Principal(name, Proof.NONE, Set.of("operator"), Map.of("tenant", "acme")));
        }
        callers.add(new Principal("carol", Proof.TOKEN, Set.of("operator"), Map.of()));
        callers.add(new Principal("dave", Proof.TOKEN, Set.of("reader"), Map.of()));
        return callers;
    }

    @Test
    void every_decision_of_a_whole_matrix_is_that_of_an_independent_model() {
        int decisions = 0;
        int allowed = 0;
        int policies = 0;
        for (int seed = 0; policies < 100; seed++) {
            Optional<AccessPolicy> random = policy(new Random(seed));
            if (random.isEmpty()) {
                continue;
            }
            policies++;
            var rules = new AccessRules(random.get());
            var model = new Model(random.get());
            for (Principal caller : callers()) {
                for (String resource : RESOURCES) {
                    for (String action : ACTIONS) {
                        Decision decision = rules.authorize(caller, resource, action);
                        assertThat(decision.allowed())
                                .as("seed %d: %s %s of %s by %s", seed, decision, action, resource, caller)
                                .isEqualTo(model.allows(caller, resource, action));
                        decisions++;
                        allowed += decision.allowed() ? 1 : 0;
                    }
                }
            }
        }
        assertThat(decisions).isGreaterThan(500_000);
        assertThat((double) allowed / decisions).isBetween(0.1, 0.9);
    }

    @Test
    void without_rules_everything_is_denied_except_what_is_built_in() {
        AccessMatrix.of(AccessPolicy.DEFAULT)
                .caller("user", Principal.proven("shop.Orders", Proof.TOKEN))
                .caller("claimed", Principal.claimed("shop.Orders"))
                .check("""
                            | shop.Orders | user  | ops(operator) | eve(reader) | anonymous | claimed
                    shop.Orders/place           | deny        | deny  | deny          | deny        | deny      | deny
                    treaty.register shop.Orders | allow       | deny  | allow         | deny        | deny      | deny
                    treaty.publish shop.Orders  | allow       | deny  | allow         | deny        | deny      | deny
                    treaty.register shop.Other  | deny        | deny  | allow         | deny        | deny      | deny
                    treaty.force shop.Orders    | deny        | deny  | allow         | deny        | deny      | deny
                    treaty.drain shop.Orders    | deny        | deny  | allow         | deny        | deny      | deny
                    treaty.watch shop.Orders    | allow       | allow | allow         | allow       | deny      | deny
                    treaty.Registry/watch       | allow       | allow | allow         | allow       | deny      | deny
                    treaty.settings treaty.Registry | deny    | deny  | allow         | deny        | deny      | deny
                    treaty.Control/set          | deny        | deny  | allow         | deny        | deny      | deny
                    treaty.Introspection/status | deny        | deny  | allow         | allow       | deny      | deny
                    get /-/metrics              | deny        | deny  | allow         | allow       | deny      | deny
                    post /-/metrics             | deny        | deny  | allow         | deny        | deny      | deny
                    get /-/health               | allow       | allow | allow         | allow       | allow     | allow
                    post /-/health              | deny        | deny  | allow         | deny        | deny      | deny
                    """);
    }

    @Test
    void a_rule_that_opens_all_services_opens_nothing_of_treaty_itself() {
        var open = rule(List.of("*"), List.of("*"), List.of("*"), Effect.ALLOW);
        AccessMatrix.of(policy(Map.of("open", open))).check("""
                                        | shop.Web | anonymous
            shop.Orders/place           | allow    | deny
            treaty.register shop.Orders | deny     | deny
            treaty.drain shop.Orders    | deny     | deny
            treaty.Control/set          | deny     | deny
            get /-/metrics              | deny     | deny
            """);
        var closed = rule(List.of("*"), List.of("*"), List.of("*"), Effect.DENY);
        AccessMatrix.of(policy(Map.of("open", open, "closed", closed))).check("""
                                        | shop.Orders | ops(operator) | anonymous
            shop.Orders/place           | deny        | deny          | deny
            treaty.register shop.Orders | deny        | deny          | deny
            treaty.Control/set          | deny        | deny          | deny
            get /-/health               | deny        | deny          | deny
            """);
    }

    @Test
    void a_matrix_names_each_difference_with_its_rule_and_each_operation_that_is_missing() {
        var rule = rule(List.of("shop.Web"), List.of("shop.Orders"), List.of("place"), Effect.ALLOW);
        assertThatThrownBy(() -> AccessMatrix.of(policy(Map.of("buyers", rule))).check("""
                              | shop.Web | bob
            shop.Orders/place | deny     | allow
            """))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("shop.Orders/place by shop.Web: expected deny, but rule buyers allows it")
                .hasMessageContaining(
                        "shop.Orders/place by bob: expected allow, but bob may not call shop.Orders/place (no rule");
    }

    // ---------------------------------------------------------------------------------------------- Serving and dry
    // run

    @Test
    void an_identity_serves_its_own_name_and_those_below_it_by_whole_segments() {
        var rules = new AccessRules(new AccessPolicy(
                Map.of(), Map.of(), Map.of(new ServiceName("shop.Payments"), List.of("billing", "ns/pay/*")), false));
        Map.of(
                        "shop.Orders", true,
                        "shop", true,
                        "shop.Order", false,
                        "sho", false,
                        "shop.", false,
                        "Shop", false,
                        "shop.Orders.Archive", false,
                        "", false,
                        "*", false,
                        "billing", false)
                .forEach((identity, may) -> assertThat(rules.mayServe(identity, new ServiceName("shop.Orders")))
                        .as(identity)
                        .isEqualTo(may));
        ServiceName payments = new ServiceName("shop.Payments");
        assertThat(Stream.of("billing", "ns/pay/sa", "shop.Payments").allMatch(each -> rules.mayServe(each, payments)))
                .isTrue();
        assertThat(Stream.of("billing.x", "ns/pay", "ns/pays/sa").noneMatch(each -> rules.mayServe(each, payments)))
                .isTrue();
        assertThat(rules.mayServe("bob", new ServiceName("treaty.Introspection")))
                .isTrue();
        assertThat(rules.mayServe("bob", new ServiceName("treaty.Registry"))).isFalse();
        assertThat(rules.mayServe("bob", new ServiceName("treaty.Tokens"))).isFalse();
    }

    @Test
    void a_dry_run_reports_what_it_would_deny_and_leaves_operators_powers_closed() {
        var denied = new ArrayList<Decision>();
        var rules = new AccessRules(new AccessPolicy(Map.of(), Map.of(), Map.of(), true), denied::add);
        Decision call = rules.authorize(Principal.ANONYMOUS, "shop.Orders", "place");
        assertThat(call.allowed()).isTrue();
        assertThat(call.reason()).isEqualTo("dry run: an anonymous caller may not call shop.Orders/place");
        assertThat(denied).singleElement().satisfies(each -> {
            assertThat(each.allowed()).isFalse();
            assertThat(each.reason()).isEqualTo("an anonymous caller may not call shop.Orders/place");
        });
        assertThat(rules.authorize(certificate("bob"), "shop.Orders", "treaty.register")
                        .allowed())
                .isTrue();
        for (String action : List.of("treaty.force", "treaty.drain", "treaty.withdraw", "treaty.settings")) {
            assertThat(rules.authorize(certificate("bob"), "shop.Orders", action)
                            .allowed())
                    .as(action)
                    .isFalse();
        }
        for (String resource : List.of("treaty.Control", "treaty.Tokens", "/-/metrics")) {
            assertThat(rules.authorize(certificate("bob"), resource, "get").allowed())
                    .as(resource)
                    .isFalse();
        }
    }

    // ------------------------------------------------------------------------------------------------------
    // Explanations

    @Test
    void an_explanation_names_all_rules_that_match_and_what_would_change_a_denial() {
        var rules = new AccessRules(policy(Map.of(
                "buyers", rule(List.of("shop.Web"), List.of("shop.Orders"), List.of("place"), Effect.ALLOW),
                "all", rule(List.of("shop.*"), List.of("shop.*"), List.of("*"), Effect.ALLOW),
                "no-stock", rule(List.of("shop.Stock"), List.of("shop.Orders"), List.of("*"), Effect.DENY))));
        var allowed = rules.explain(certificate("shop.Web"), "shop.Orders", "place");
        assertThat(allowed.decision()).isEqualTo(new Decision(true, "all", "rule all allows it"));
        assertThat(allowed.matching()).containsExactly("allow all", "allow buyers");
        assertThat(allowed.changes()).isEmpty();

        var denied = rules.explain(certificate("shop.Stock"), "shop.Orders", "place");
        assertThat(denied.decision().rule()).isEqualTo("no-stock");
        assertThat(denied.matching()).containsExactly("deny no-stock", "allow all");
        assertThat(denied.changes()).containsExactly("remove or narrow rule no-stock, which denies it");

        var none = rules.explain(certificate("bob"), "shop.Orders", "place");
        assertThat(none.decision()).isEqualTo(new Decision(false, "", "bob may not call shop.Orders/place"));
        assertThat(none.matching()).isEmpty();
        assertThat(none.changes())
                .containsExactly(
                        "rule all allows it to shop.*",
                        "rule buyers allows it to shop.Web",
                        "add a rule, such as security.rules.NAME: {callers: [\"bob\"], services: [\"shop.Orders\"],"
                                + " operations: [\"place\"]}");
        var registration = rules.explain(certificate("bob"), "shop.Orders", "treaty.register");
        assertThat(registration.changes())
                .first()
                .asString()
                .contains("treaty.own-services")
                .contains("security.services.shop.Orders");
    }

    @Test
    void names_from_outside_are_made_printable_and_short_in_reasons() {
        String name = "a\u001b[31m\n" + "x".repeat(10_000);
        Decision decision = new AccessRules(AccessPolicy.DEFAULT).authorize(certificate(name), "shop.Orders", "place");
        assertThat(decision.reason())
                .doesNotContain("\u001b")
                .doesNotContain("\n")
                .hasSizeLessThan(1_000);
    }

    @Test
    void rules_that_name_nothing_or_what_is_no_name_are_refused() {
        Rule empty = rule(List.of(), List.of("shop.Orders"), List.of("*"), Effect.ALLOW);
        assertThatThrownBy(() -> policy(Map.of("a", empty))).hasMessageContaining("rule a names no caller");
        Rule nowhere = rule(List.of("bob"), List.of(), List.of("*"), Effect.ALLOW);
        assertThatThrownBy(() -> policy(Map.of("a", nowhere))).hasMessageContaining("rule a names no service");
        for (String pattern : List.of("shop*", "*.Orders", "shop.*.x", "", " ", "a b", ".*", "**", "x".repeat(300))) {
            assertThatThrownBy(() -> rule(List.of("bob"), List.of(pattern), List.of("*"), Effect.ALLOW))
                    .as(pattern)
                    .hasMessageContaining("which is no name");
        }
        assertThatThrownBy(() -> new AccessPolicy(Map.of(), Map.of("operator", List.of("anonymous")), Map.of(), false))
                .hasMessageContaining("cannot have a role");
        assertThatThrownBy(() ->
                        policy(Map.of("treaty.mine", rule(List.of("*"), List.of("*"), List.of("*"), Effect.DENY))))
                .hasMessageContaining("invalid name");
    }

    // -------------------------------------------------------------------------------------------------------------
    // Costs

    @Test
    void an_allowed_call_allocates_nothing() {
        var rules = new AccessRules(manyRules(100));
        Principal caller = new Principal("team7.Web", Proof.TOKEN, Set.of("buyer"), Map.of("tenant", "x acme y"));
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = 0;
        for (int i = 0; i < 20_000; i++) {
            if (i == 10_000) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            if (!rules.authorize(caller, "shop.Orders", "place").allowed()) {
                throw new AssertionError("denied");
            }
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000); // of 10,000 calls
    }

    static AccessPolicy manyRules(int count) {
        var rules = new HashMap<String, Rule>();
        for (int i = 0; i < count; i++) {
            rules.put(
                    "rule" + i,
                    new Rule(
                            List.of("team" + i + ".*"),
                            List.of("buyer"),
                            Map.of("tenant", "acme"),
                            List.of(i % 10 == 7 ? "shop.*" : "area" + i + ".*"),
                            List.of("place", "show"),
                            i % 20 == 0 ? Effect.DENY : Effect.ALLOW));
        }
        return policy(rules);
    }
}
