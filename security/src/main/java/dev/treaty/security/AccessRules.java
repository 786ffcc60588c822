package dev.treaty.security;

import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Decision;
import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides by an {@link AccessPolicy} and by the built-in rules. A rule that denies is stronger than all that allow, and
 * what no rule allows is denied. It is immutable and thread-safe, and an allowed call allocates nothing.
 *
 * <p>The built-in rules, whose names begin with {@code treaty.}:
 *
 * <ul>
 *   <li>{@code treaty.own-services}: an identity registers and publishes the services that it {@linkplain #mayServe may
 *       serve}; by its own name only if a certificate proves it, because the names in tokens of other providers are not
 *       those of services
 *   <li>{@code treaty.watch}, {@code treaty.registry}: each authenticated caller watches services, and calls the
 *       registry, which asks again for what a call changes
 *   <li>{@code treaty.operator}, {@code treaty.operator-services}: the role {@code operator} may do all of {@code
 *       treaty.*} and use all pages
 *   <li>{@code treaty.reader}, {@code treaty.reader-services}: the role {@code reader} reads pages and calls {@code
 *       treaty.Introspection}
 *   <li>{@code treaty.health}: each caller reads {@code /-/health}, also without credentials, for probes
 * </ul>
 */
public final class AccessRules {
    /** The built-in rules alone. */
    public static final AccessRules DEFAULT = new AccessRules(AccessPolicy.DEFAULT);

    /** The role of those that may do everything of Treaty itself. */
    public static final String OPERATOR = "operator";

    /** The role of those that may read pages and what processes tell about themselves. */
    public static final String READER = "reader";

    private static final String OWN = "treaty.";
    private static final String REGISTRY = "treaty.Registry";
    private static final String TOKENS = "treaty.Tokens";
    private static final String INTROSPECTION = "treaty.Introspection";
    private static final String CONTROL = "treaty.Control";

    /** The most resources whose rules are remembered. */
    private static final int REMEMBERED_MAX = 10_000;

    /** The longest name in a reason, in characters. */
    private static final int NAME_LENGTH_MAX = 128;

    /** The most ways to allow something that an explanation has. */
    private static final int CHANGES_MAX = 10;

    private final AccessPolicy policy;
    private final Consumer<Decision> denied;
    private final Map<String, NamePattern> roles = new HashMap<>();
    private final Map<String, NamePattern> servers = new HashMap<>(); // by service

    /** Those that deny come first. */
    private final List<Rule> rules;

    private final Map<String, Rule[]> remembered = new ConcurrentHashMap<>(); // by resource

    /** A claim and one of its values. */
    private record Claim(String name, String value) {
        @Override
        public String toString() {
            return name + ": " + value;
        }
    }

    /**
     * One rule.
     *
     * @param callers names; null for any
     * @param roles roles, one of which the caller has; empty for any
     * @param complete whether {@code *} also stands for what belongs to Treaty
     * @param own whether it is {@code treaty.own-services}
     */
    private record Rule(
            String name,
            @Nullable NamePattern callers,
            List<String> roles,
            List<Claim> claims,
            NamePattern services,
            NamePattern operations,
            boolean complete,
            boolean own,
            Decision decision) {
        boolean allows() {
            return decision.allowed();
        }

        boolean matchesService(String resource) {
            return services.named(resource)
                    || (services.all() && (complete || !(resource.startsWith(OWN) || resource.startsWith("/"))));
        }

        boolean matchesOperation(String action) {
            return operations.named(action) || (operations.all() && (complete || !action.startsWith(OWN)));
        }
    }

    /**
     * Why something is decided as it is.
     *
     * @param decision the decision
     * @param matching the rules that match, such as {@code allow buyers}; those that deny come first
     * @param changes what would change a denial, one sentence each; empty if it is allowed
     */
    public record Explanation(Decision decision, List<String> matching, List<String> changes) {
        /** Copies the lists. */
        public Explanation {
            matching = List.copyOf(matching);
            changes = List.copyOf(changes);
        }
    }

    /** Compiles a policy; if it is dry, nothing hears of what it would deny. */
    public AccessRules(AccessPolicy policy) {
        this(policy, _ -> {});
    }

    /** @param denied receives what is denied, and what would be denied without the dry run; it must not block */
    public AccessRules(AccessPolicy policy, Consumer<Decision> denied) {
        this.policy = policy;
        this.denied = denied;
        policy.roles().forEach((role, callers) -> roles.put(role, NamePattern.of(callers)));
        policy.services().forEach((service, identities) -> servers.put(service.value(), NamePattern.of(identities)));
        List<Rule> own = new TreeMap<>(policy.rules())
                .entrySet().stream()
                        .map(each -> compiled(each.getKey(), each.getValue()))
                        .toList();
        this.rules = Stream.of(own.stream().filter(rule -> !rule.allows()), own.stream(), builtIn().stream())
                .flatMap(each -> each)
                .distinct()
                .toList();
    }

    private static Rule compiled(String name, AccessPolicy.Rule rule) {
        boolean allow = rule.effect() == AccessPolicy.Effect.ALLOW;
        return new Rule(
                name,
                rule.callers().isEmpty() ? null : NamePattern.of(rule.callers()),
                rule.roles(),
                new TreeMap<>(rule.claims())
                        .entrySet().stream()
                                .map(claim -> new Claim(claim.getKey(), claim.getValue()))
                                .toList(),
                NamePattern.of(rule.services()),
                NamePattern.of(rule.operations()),
                !allow,
                false,
                decision(name, allow));
    }

    private static Decision decision(String rule, boolean allow) {
        return new Decision(allow, rule, "rule " + rule + (allow ? " allows it" : " denies it"));
    }

    private static List<Rule> builtIn() {
        List<String> all = List.of(NamePattern.ALL);
        List<String> anyone = List.of(AccessPolicy.ANONYMOUS, NamePattern.ALL);
        return List.of(
                builtIn(
                        "treaty.own-services",
                        all,
                        "",
                        all,
                        List.of(AccessControl.REGISTER, AccessControl.PUBLISH),
                        true),
                builtIn("treaty.watch", all, "", all, List.of(AccessControl.WATCH), false),
                builtIn("treaty.registry", all, "", List.of(REGISTRY), all, false),
                builtIn("treaty.token-state", all, "", List.of(TOKENS), List.of("state"), false),
                builtIn("treaty.token-refresh", anyone, "", List.of(TOKENS), List.of("refresh"), false),
                builtIn("treaty.public-keys", anyone, "", List.of("/-/jwks"), List.of("get"), false),
                builtIn("treaty.operator", List.of(), OPERATOR, all, List.of(OWN + "*"), false),
                builtIn("treaty.operator-services", List.of(), OPERATOR, List.of(OWN + "*", "/", "/*"), all, false),
                builtIn("treaty.reader", List.of(), READER, List.of("/", "/*"), List.of("get", "head"), false),
                builtIn("treaty.reader-services", List.of(), READER, List.of(INTROSPECTION), all, false),
                builtIn(
                        "treaty.health",
                        anyone,
                        "",
                        List.of("/-/health", "/-/health/*"),
                        List.of("get", "head"),
                        false));
    }

    private static Rule builtIn(
            String name,
            List<String> callers,
            String role,
            List<String> services,
            List<String> operations,
            boolean own) {
        return new Rule(
                name,
                callers.isEmpty() ? null : NamePattern.of(callers),
                role.isEmpty() ? List.of() : List.of(role),
                List.of(),
                NamePattern.of(services),
                NamePattern.of(operations),
                // the calls of the registry's contract are not what it asks for afterwards
                !name.equals("treaty.registry"),
                own,
                decision(name, true));
    }

    /** Returns the policy. */
    public AccessPolicy policy() {
        return policy;
    }

    /**
     * Decides, as {@link dev.treaty.core.security.AccessControl#authorize} describes it. A caller whose name is only
     * claimed counts as anonymous.
     *
     * @param resource the name of a service, or the path of a page, as the server has resolved it: without encoded
     *     characters and without empty segments
     */
    public Decision authorize(Principal caller, String resource, String action) {
        Rule rule = decisive(caller, resource, action);
        if (rule != null && rule.allows()) {
            return rule.decision;
        }
        var decision = new Decision(false, rule == null ? "" : rule.name, denial(caller, resource, action));
        denied.accept(decision);
        return policy.dryRun() && !isPower(resource, action)
                ? new Decision(true, decision.rule(), "dry run: " + decision.reason())
                : decision;
    }

    /** Whether something is only for operators: a dry run does not open it. */
    private static boolean isPower(String resource, String action) {
        return resource.startsWith("/")
                || (resource.startsWith(OWN) && !resource.equals(REGISTRY))
                || (action.startsWith(OWN)
                        && !action.equals(AccessControl.REGISTER)
                        && !action.equals(AccessControl.PUBLISH)
                        && !action.equals(AccessControl.WATCH));
    }

    private @Nullable Rule decisive(Principal caller, String resource, String action) {
        for (Rule rule : candidates(resource)) {
            if (rule.matchesOperation(action) && matchesCaller(rule, caller, resource)) {
                return rule;
            }
        }
        return null;
    }

    /** Returns the rules whose services match. */
    private Rule[] candidates(String resource) {
        Rule[] known = remembered.get(resource);
        if (known == null) {
            known = rules.stream().filter(rule -> rule.matchesService(resource)).toArray(Rule[]::new);
            if (remembered.size() < REMEMBERED_MAX) {
                remembered.putIfAbsent(resource, known);
            }
        }
        return known;
    }

    private boolean matchesCaller(Rule rule, Principal caller, String resource) {
        boolean authenticated = caller.authenticated();
        NamePattern names = rule.callers;
        if (names != null
                && !(authenticated
                        ? names.all() || names.named(caller.name())
                        : names.exact().contains(AccessPolicy.ANONYMOUS) || (names.all() && !rule.allows()))) {
            return false;
        }
        return (rule.roles.isEmpty() || (authenticated && hasRole(rule, caller)))
                && (rule.claims.isEmpty() || (authenticated && hasClaims(rule, caller)))
                && (!rule.own || ownService(caller, resource));
    }

    private boolean hasRole(Rule rule, Principal caller) {
        for (int i = 0; i < rule.roles.size(); i++) {
            if (hasRole(caller, rule.roles.get(i))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a caller has a role: by its token, or by the policy. */
    public boolean hasRole(Principal caller, String role) {
        if (!caller.authenticated()) {
            return false;
        }
        NamePattern names = roles.get(role);
        return caller.roles().contains(role) || (names != null && (names.all() || names.named(caller.name())));
    }

    private static boolean hasClaims(Rule rule, Principal caller) {
        for (int i = 0; i < rule.claims.size(); i++) {
            Claim claim = rule.claims.get(i);
            String value = caller.claims().get(claim.name);
            if (value == null || !containsWord(value, claim.value)) {
                return false;
            }
        }
        return true;
    }

    /** Whether a text is a word, or has it between spaces. */
    private static boolean containsWord(String text, String word) {
        for (int at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
            int end = at + word.length();
            if ((at == 0 || text.charAt(at - 1) == ' ') && (end == text.length() || text.charAt(end) == ' ')) {
                return true;
            }
        }
        return false;
    }

    private boolean ownService(Principal caller, String service) {
        return mayServeBySettings(caller.name(), service)
                || (caller.proof() == Principal.Proof.CERTIFICATE && isOf(caller.name(), service));
    }

    /**
     * Returns whether an identity may serve a service: one of its own name, one below that, such as {@code shop.Orders}
     * for {@code shop}, one that the policy gives it, and what each process serves about itself: {@code
     * treaty.Introspection} and {@code treaty.Control}.
     *
     * @param identity the name of the identity, see {@link dev.treaty.core.security.PeerIdentity#name}
     */
    public boolean mayServe(String identity, ServiceName service) {
        String name = service.value();
        return !identity.isEmpty()
                && (isOf(identity, name)
                        || mayServeBySettings(identity, name)
                        || name.equals(INTROSPECTION)
                        || name.equals(CONTROL));
    }

    private boolean mayServeBySettings(String identity, String service) {
        NamePattern names = servers.get(service);
        return names != null && (names.all() || names.named(identity));
    }

    private static boolean isOf(String identity, String service) {
        int length = identity.length();
        return service.startsWith(identity)
                && length > 0
                && (service.length() == length || service.charAt(length) == '.');
    }

    private static String denial(Principal caller, String resource, String action) {
        String name =
                caller.authenticated() ? PrintableText.line(caller.name(), NAME_LENGTH_MAX) : "an anonymous caller";
        String what = resource.startsWith("/")
                ? " may not " + action + " " + resource
                : action.startsWith(OWN)
                        ? " may not " + action + " of " + resource
                        : " may not call " + resource + "/" + action;
        return name + PrintableText.line(what, 4 * NAME_LENGTH_MAX);
    }

    /** Decides and returns why. Nothing hears of it. */
    public Explanation explain(Principal caller, String resource, String action) {
        List<Rule> matching = Stream.of(candidates(resource))
                .filter(rule -> rule.matchesOperation(action) && matchesCaller(rule, caller, resource))
                .toList();
        Decision decision = new AccessRules(policy).authorize(caller, resource, action);
        return new Explanation(
                decision,
                matching.stream()
                        .map(rule -> (rule.allows() ? "allow " : "deny ") + rule.name)
                        .toList(),
                !matching.isEmpty() && matching.getFirst().allows()
                        ? List.of()
                        : changes(matching, caller, resource, action));
    }

    private List<String> changes(List<Rule> matching, Principal caller, String resource, String action) {
        var changes = new ArrayList<String>();
        for (Rule rule : matching) {
            if (!rule.allows()) {
                changes.add("remove or narrow rule " + rule.name + ", which denies it");
            }
        }
        if (matching.stream().anyMatch(Rule::allows)) {
            return changes;
        }
        for (Rule rule : rules) {
            if (changes.size() == CHANGES_MAX) {
                return changes;
            }
            boolean service = rule.matchesService(resource);
            boolean operation = rule.matchesOperation(action);
            boolean callerMatches = matchesCaller(rule, caller, resource);
            if (rule.allows() && service && operation) {
                changes.add("rule " + rule.name + " allows it to " + callers(rule, resource));
            } else if (rule.allows() && callerMatches && service && !rule.name.startsWith(OWN)) {
                changes.add("rule " + rule.name + " allows the caller other operations of it: add " + action);
            }
        }
        String name = caller.authenticated() ? caller.name() : AccessPolicy.ANONYMOUS;
        changes.add("add a rule, such as security.rules.NAME: {callers: ["
                + PrintableText.quote(PrintableText.line(name, NAME_LENGTH_MAX)) + "], services: ["
                + PrintableText.quote(resource) + "], operations: [" + PrintableText.quote(action) + "]}");
        return changes;
    }

    private String callers(Rule rule, String resource) {
        var words = new ArrayList<String>();
        if (rule.own) {
            NamePattern others = servers.get(resource);
            words.add("certificates named " + resource + " or like a name above it"
                    + (others == null ? "" : ", and to " + names(others)) + ": set security.services." + resource);
        } else if (rule.callers != null) {
            words.add(names(rule.callers));
        }
        if (!rule.roles.isEmpty()) {
            words.add("callers with the role " + String.join(" or ", rule.roles));
        }
        if (!rule.claims.isEmpty()) {
            words.add("callers with the claims " + rule.claims);
        }
        return String.join(", and only to ", words);
    }

    private static String names(NamePattern pattern) {
        return Stream.of(
                        pattern.exact().stream().sorted(),
                        pattern.below().stream().sorted().map(name -> name + "*"),
                        pattern.all() ? Stream.of("all authenticated callers") : Stream.<String>of())
                .flatMap(each -> each)
                .reduce((a, b) -> a + ", " + b)
                .orElse("no caller");
    }

    /** Returns each rule in one line, such as {@code allow buyers: callers [shop.Web], services [shop.Orders]}. */
    public List<String> describe() {
        return rules.stream()
                .map(rule -> (rule.allows() ? "allow " : "deny ") + rule.name + ": "
                        + (rule.callers == null ? "" : "callers " + names(rule.callers) + "; ")
                        + (rule.roles.isEmpty() ? "" : "roles " + String.join(", ", rule.roles) + "; ")
                        + (rule.claims.isEmpty() ? "" : "claims " + rule.claims + "; ")
                        + (rule.own ? "services that the caller may serve; " : "services " + everything(rule.services))
                        + (rule.own ? "" : "; ") + "operations " + everything(rule.operations))
                .toList();
    }

    private static String everything(NamePattern pattern) {
        return names(pattern).replace("all authenticated callers", "*");
    }
}
