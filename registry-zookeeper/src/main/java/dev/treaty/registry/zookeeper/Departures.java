package dev.treaty.registry.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why the last instances of a service left, as the data of its node: a line for each, the transaction that had made the
 * instance and the reason. A deleted node does not say why it was; an instance that is not here was not closed by its
 * process, so its session ended.
 */
final class Departures {
    /** How many are remembered; who looks for an older one is told that its session ended. */
    private static final int MAX = 64;

    private Departures() {}

    static String add(@Nullable String before, long made, String reason) {
        var lines = new ArrayList<>(before == null ? List.of() : before.lines().toList());
        lines.add(Long.toHexString(made) + " " + reason);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - MAX), lines.size()));
    }

    static Optional<String> reason(@Nullable String departures, long made) {
        String prefix = Long.toHexString(made) + " ";
        return departures == null
                ? Optional.empty()
                : departures
                        .lines()
                        .filter(line -> line.startsWith(prefix))
                        .map(line -> line.substring(prefix.length()))
                        .findFirst();
    }
}
