package dev.treaty.registry.backend;

/**
 * An instance as a store keeps it: its JSON, and what other processes ask for as the first fields of that.
 *
 * @param drained whether an operator has drained it
 * @param asked whether every watcher has to acknowledge this state
 */
record StoredInstance(String json, boolean drained, boolean asked) {
    private static final String DRAINED = "{\"drained\":true,";
    private static final String ASKED = "{\"asked\":true,";

    static StoredInstance of(String text) {
        boolean asked = text.startsWith(ASKED);
        String rest = asked ? "{" + text.substring(ASKED.length()) : text;
        boolean drained = rest.startsWith(DRAINED);
        return new StoredInstance(drained ? "{" + rest.substring(DRAINED.length()) : rest, drained, asked);
    }

    /** Returns the state that its process reports next. */
    StoredInstance with(String reported) {
        return new StoredInstance(reported, drained, asked);
    }

    String text() {
        String text = drained ? DRAINED + json.substring(1) : json;
        return asked ? ASKED + text.substring(1) : text;
    }
}
