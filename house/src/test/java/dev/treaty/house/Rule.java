package dev.treaty.house;

import java.util.Collection;

/** What a test of the house says when it fails: the rule, each place that breaks it, and how to mend it. */
record Rule(String rule, String mend) {

    void expectNone(Collection<String> findings) {
        if (!findings.isEmpty()) {
            throw new AssertionError("%n%s%n  %s%nTo mend it: %s".formatted(rule, String.join("\n  ", findings), mend));
        }
    }
}
