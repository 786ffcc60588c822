package dev.treaty.registry.backend;

import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.InstanceFormat;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An instance as a store keeps it: its JSON, and what other processes ask for as the first fields of that.
 *
 * @param drained when an operator has drained it; empty if none has
 * @param asked whether every watcher has to acknowledge this state
 */
record StoredInstance(String json, String drained, boolean asked) {
    private static final String ASKED = "\"asked\":true,";
    private static final Pattern FIELDS =
            Pattern.compile("\\{(?<asked>" + ASKED + ")?(?:\"drained\":\"(?<drained>[^\"]*)\",)?");

    static StoredInstance of(String text) {
        Matcher fields = FIELDS.matcher(text);
        return fields.lookingAt()
                ? new StoredInstance(
                        "{" + text.substring(fields.end()),
                        Objects.requireNonNullElse(fields.group("drained"), ""),
                        fields.group("asked") != null)
                : new StoredInstance(text, "", false);
    }

    /** Returns the state that its process reports next. */
    StoredInstance with(String reported) {
        return new StoredInstance(reported, drained, asked);
    }

    /** Returns the state in which an operator has drained it at a time, unless one had before; or has taken it back. */
    StoredInstance drained(boolean now, Instant at) {
        String since = drained.isEmpty() ? at.toString() : drained;
        return new StoredInstance(json, now ? since : "", asked);
    }

    String text() {
        String since = drained.isEmpty() ? "" : "\"drained\":\"" + drained + "\",";
        return since.isEmpty() && !asked ? json : "{" + (asked ? ASKED : "") + since + json.substring(1);
    }

    /**
     * Returns what watchers see of it.
     *
     * @throws IllegalArgumentException if another program has written something else
     */
    ServiceInstance read(InstanceFormat format, Instant now) {
        ServiceInstance instance = format.read(json).read(now);
        try {
            return drained.isEmpty() ? instance : RegistryTable.drained(instance, Instant.parse(drained));
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
