package dev.treaty.registry.zookeeper;

import java.util.ArrayList;
import java.util.Optional;

/**
 * The reasons why the last instances of a service were removed, as the data of its node: each line has the transaction
 * that created the instance, and the reason. ZooKeeper does not keep a reason for a deleted node. An instance that is
 * not listed was not closed by its process: its session expired.
 */
final class RemovalReasons {
    /** The number of lines that are kept; for older instances, followers report an expired session. */
    private static final int MAX = 64;

    private RemovalReasons() {}

    static String add(String before, long created, String reason) {
        var lines = new ArrayList<>(before.lines().toList());
        lines.add(prefix(created) + reason);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - MAX), lines.size()));
    }

    static Optional<String> find(String reasons, long created) {
        return reasons.lines()
                .filter(line -> line.startsWith(prefix(created)))
                .map(line -> line.substring(prefix(created).length()))
                .findFirst();
    }

    private static String prefix(long created) {
        return Long.toHexString(created) + " ";
    }
}
