package dev.treaty.security;

import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.security.Decision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Asserts in a test who may do what, as a table of callers and operations. Nothing has to run for it: the policy is
 * that of a file, {@code Settings.load(file, environment).security().access()}.
 *
 * <p>The first line of a table names the callers: proven by certificates; with roles in parentheses, such as {@code
 * alice(operator)}; {@code anonymous} without credentials; or as they were {@linkplain #caller added}. Each other line
 * begins with {@code SERVICE/OPERATION}, or with an action and its resource, such as {@code get /-/metrics} or {@code
 * treaty.drain shop.Orders}, and has {@code allow} or {@code deny} for each caller.
 */
public final class AccessMatrix {
    private final AccessRules rules;
    private final Map<String, Principal> callers = new HashMap<>();
    private final Set<String> required = new HashSet<>();

    private AccessMatrix(AccessRules rules) {
        this.rules = rules;
    }

    /** Asserts about a policy and the built-in rules. A dry run counts as a denial. */
    public static AccessMatrix of(AccessPolicy policy) {
        return new AccessMatrix(
                new AccessRules(new AccessPolicy(policy.rules(), policy.roles(), policy.services(), false)));
    }

    /** Adds a caller, such as one with claims, by the name that the table has for it. */
    public AccessMatrix caller(String heading, Principal caller) {
        callers.put(heading, caller);
        return this;
    }

    /** Requires that the table has every operation of a contract, so that none is added without a decision. */
    public AccessMatrix covering(ServiceContract contract) {
        contract.operations().forEach(operation -> required.add(contract.name() + "/" + operation.name()));
        return this;
    }

    /**
     * Asserts a table.
     *
     * @throws AssertionError if a decision is another one, or an operation is missing; with all differences and the
     *     rules that decided
     * @throws IllegalArgumentException if the table cannot be read
     */
    public void check(String table) {
        List<List<String>> lines = table.lines()
                .filter(line -> !line.isBlank())
                .map(line -> Stream.of(line.split("\\|", -1)).map(String::strip).toList())
                .toList();
        if (lines.size() < 2) {
            throw new IllegalArgumentException("a table has a line of callers and a line for each operation");
        }
        List<String> headings = lines.getFirst();
        var differences = new ArrayList<String>();
        var missing = new HashSet<>(required);
        for (List<String> line : lines.subList(1, lines.size())) {
            if (line.size() != headings.size()) {
                throw new IllegalArgumentException(
                        "the line of " + line.getFirst() + " has " + line.size() + " cells, not " + headings.size());
            }
            missing.remove(line.getFirst());
            for (int i = 1; i < line.size(); i++) {
                compare(line.getFirst(), headings.get(i), line.get(i), differences);
            }
        }
        missing.stream().sorted().forEach(operation -> differences.add(operation + " is not in the table"));
        if (!differences.isEmpty()) {
            throw new AssertionError("access is not as expected:\n  " + String.join("\n  ", differences));
        }
    }

    private void compare(String operation, String heading, String expected, List<String> differences) {
        boolean allow = switch (expected) {
            case "allow" -> true;
            case "deny" -> false;
            default ->
                throw new IllegalArgumentException(
                        "\"" + expected + "\" is neither allow nor deny: " + operation + ", " + heading);
        };
        int space = operation.indexOf(' ');
        int slash = operation.indexOf('/');
        if (space < 0 && slash < 1) {
            throw new IllegalArgumentException(
                    "\"" + operation + "\" is no operation: write SERVICE/OPERATION, or an action and its resource");
        }
        String resource = space < 0
                ? operation.substring(0, slash)
                : operation.substring(space + 1).strip();
        String action = space < 0 ? operation.substring(slash + 1) : operation.substring(0, space);
        Decision decision = rules.authorize(caller(heading), resource, action);
        if (decision.allowed() != allow) {
            differences.add(operation + " by " + heading + ": expected " + expected + ", but " + decision.reason()
                    + (decision.rule().isEmpty() ? " (no rule matches)" : " (rule " + decision.rule() + ")"));
        }
    }

    private Principal caller(String heading) {
        Principal known = callers.get(heading);
        if (known != null) {
            return known;
        }
        if (heading.isEmpty() || heading.equals(AccessPolicy.ANONYMOUS)) {
            return Principal.ANONYMOUS;
        }
        int open = heading.indexOf('(');
        if (open < 0) {
            return Principal.proven(heading, Principal.Proof.CERTIFICATE);
        }
        String roles = heading.substring(open + 1).replace(")", "");
        return new Principal(
                heading.substring(0, open), Principal.Proof.TOKEN, Set.of(roles.split("[\\s,]+")), Map.of());
    }
}
