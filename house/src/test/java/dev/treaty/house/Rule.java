package dev.treaty.house;

import java.util.Collection;

/** The failure of a rule: the rule, each place that violates it, and how to fix it. */
record Rule(String rule, String fix) {

    void expectNone(Collection<String> findings) {
        if (!findings.isEmpty()) {
            throw new AssertionError("%n%s%n  %s%nTo fix it: %s".formatted(rule, String.join("\n  ", findings), fix));
        }
    }
}
