import org.jspecify.annotations.NullMarked;

/** Configuration: a file and the environment, read into validated policy records. */
@NullMarked
module dev.treaty.config {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.resilience;
    requires transitive dev.treaty.balance;
    requires transitive dev.treaty.registry;
    requires transitive dev.treaty.security;
    requires org.snakeyaml.engine;

    exports dev.treaty.config;
}
