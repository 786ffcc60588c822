import org.jspecify.annotations.NullMarked;

/** JSON messages, JSON Schema and OpenAPI of contracts. */
@NullMarked
@SuppressWarnings("module") // modules of qualified exports are compiled later
module dev.treaty.codec {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires tools.jackson.core;

    exports dev.treaty.codec;
    exports dev.treaty.codec.json to
            dev.treaty.http;
}
