import org.jspecify.annotations.NullMarked;

/** Doors to a registry for programs that speak the languages of others. */
@NullMarked
module dev.treaty.registry.compat {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.http;
    requires transitive dev.treaty.registry;

    exports dev.treaty.registry.compat;
}
