package dev.treaty.security;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Range;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Who may do what: the rules of an application, beside those that are {@linkplain AccessRules built in}. What no rule
 * allows is denied.
 *
 * <p>Names of callers, services and operations are exact, or end in {@code .*} (or {@code /*}), which stands for all
 * names below that one: {@code shop.*} matches {@code shop.Orders}, and neither {@code shop} nor {@code shopping.Cart}.
 * {@code *} stands for all: for callers, all that are authenticated; for services and operations, all of applications.
 * What belongs to Treaty, which are services and operations below {@code treaty} and pages such as {@code
 * /-/metrics}, is matched by patterns that name it, so that a rule which opens all services opens none of that. In a
 * rule that denies, {@code *} has no exceptions.
 *
 * @param rules the rules by name
 * @param roles which callers have a role, by the name of the role, beside those whose tokens state it
 * @param services which identities may serve a service, beside those that are named like it or like something above it
 * @param dryRun whether calls that would be denied are only reported. What operators may do is denied as ever
 */
public record AccessPolicy(
        Map<String, Rule> rules,
        Map<String, List<String>> roles,
        Map<ServiceName, List<String>> services,
        boolean dryRun) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,63}");

    /** The built-in rules alone. */
    public static final AccessPolicy DEFAULT = new AccessPolicy(Map.of(), Map.of(), Map.of(), false);

    /** The word for callers without credentials. */
    public static final String ANONYMOUS = "anonymous";

    /** The most rules. */
    public static final int RULES_MAX = 1_000;

    /** What a rule does. */
    public enum Effect {
        /** It allows what it matches, unless another rule denies that. */
        ALLOW,
        /** It denies what it matches, whatever other rules allow. */
        DENY
    }

    /**
     * A rule: it matches what all of its parts match.
     *
     * @param callers names of callers; empty for any if roles or claims are given
     * @param roles roles, one of which the caller has; empty for any
     * @param claims claims of the caller's token with their values; of a list in a claim, one value
     * @param services names of services, or paths of pages
     * @param operations names of operations; for pages, methods in lower case
     */
    public record Rule(
            @Description("The callers; empty for all that have one of `roles` and all `claims`.")
            @Accepted(
                    pattern = NamePattern.PATTERN,
                    value = "names such as `[shop.Orders, \"ops.*\"]`; `*` for all that are authenticated, `anonymous`"
                            + " for those without credentials")
            List<String> callers,

            @Description("The roles, one of which the caller has.")
            @Accepted(pattern = NamePattern.NAME, value = "names such as `[operator]`")
            List<String> roles,

            @Description("The claims that the caller's token has; of a list in a claim, one of its values.")
            @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "a group such as `{tenant: acme}`")
            Map<String, String> claims,

            @Description("The services, or pages such as `/-/metrics`.")
            @Accepted(
                    pattern = NamePattern.PATTERN,
                    value = "names such as `[shop.Orders, \"shop.*\"]`; `*` for all of applications")
            List<String> services,

            @Description("The operations; of pages, methods in lower case.")
            @Accepted(
                    pattern = NamePattern.PATTERN,
                    value = "names such as `[place, treaty.drain]`; `*` for all of applications")
            List<String> operations,

            @Description("Whether this is allowed or denied; `deny` applies even if another rule allows it.")
            Effect effect) {
        /** Allows all operations of no service to no caller: a policy that contains it is not valid. */
        public static final Rule DEFAULT =
                new Rule(List.of(), List.of(), Map.of(), List.of(), List.of(NamePattern.ALL), Effect.ALLOW);

        /** @throws IllegalArgumentException if a name or a pattern is not valid */
        public Rule {
            callers = NamePattern.check("callers", callers);
            roles = NamePattern.check("roles", roles);
            claims = Map.copyOf(claims);
            services = NamePattern.check("services", services);
            operations = NamePattern.check("operations", operations);
            if (roles.stream().anyMatch(NamePattern::isPattern)) {
                throw new IllegalArgumentException("roles has a pattern: name each role");
            }
            if (claims.keySet().stream().anyMatch(String::isBlank)
                    || claims.values().stream().anyMatch(String::isBlank)) {
                throw new IllegalArgumentException("claims has an empty name or value: name both");
            }
        }

        private void check(String name) {
            String problem = callers.isEmpty() && roles.isEmpty() && claims.isEmpty()
                    ? "no caller: set callers, roles or claims; [\"*\"] are all authenticated callers"
                    : services.isEmpty()
                            ? "no service: set services; [\"*\"] are all of applications"
                            : operations.isEmpty() ? "no operation: set operations, or remove the key for all" : "";
            if (!problem.isEmpty()) {
                throw new IllegalArgumentException("rule " + name + " names " + problem);
            }
            if (callers.contains(ANONYMOUS) && !(roles.isEmpty() && claims.isEmpty())) {
                throw new IllegalArgumentException("rule " + name
                        + " has anonymous beside roles or claims, which anonymous callers never have: write two rules");
            }
        }
    }

    /** @throws IllegalArgumentException if a rule names no caller, service or operation, or a name is not valid */
    public AccessPolicy {
        rules = Map.copyOf(rules);
        roles = lists("roles", roles);
        services = lists("services", services);
        Range.check("the number of rules", rules.size(), 0, RULES_MAX);
        rules.forEach((name, rule) -> {
            checkName("rule", name);
            rule.check(name);
        });
        roles.forEach((name, callers) -> {
            checkName("role", name);
            if (callers.contains(ANONYMOUS)) {
                throw new IllegalArgumentException("roles." + name + " has anonymous, which cannot have a role: name"
                        + " callers that are authenticated");
            }
        });
        services.forEach((service, identities) -> {
            if (identities.contains(ANONYMOUS)) {
                throw new IllegalArgumentException("services." + service
                        + " has anonymous, which cannot serve anything: name identities of certificates or tokens");
            }
        });
    }

    private static <K> Map<K, List<String>> lists(String key, Map<K, List<String>> lists) {
        var copy = new HashMap<K, List<String>>();
        lists.forEach((name, values) -> {
            if (values.isEmpty()) {
                throw new IllegalArgumentException(key + "." + name + " names nothing: name callers, or remove it");
            }
            copy.put(name, NamePattern.check(key + "." + name, values));
        });
        return Map.copyOf(copy);
    }

    private static void checkName(String kind, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("the " + kind + " " + PrintableText.quote(name)
                    + " has an invalid name: use letters, digits, '-' and '_', begin with a letter, at most 64"
                    + " characters");
        }
    }
}
