import org.jspecify.annotations.NullMarked;

/** Messages as JSON, JSON Schema and OpenAPI, derived from contracts. */
@NullMarked
@SuppressWarnings("module") // the modules that the qualified exports name are compiled later
module dev.treaty.codec {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires tools.jackson.core;

    exports dev.treaty.codec;
    exports dev.treaty.codec.json to
            dev.treaty.http;
}
