import org.jspecify.annotations.NullMarked;

/** Treaty as a whole: serve contracts, call services, and see what happens. */
@NullMarked
module dev.treaty {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.resilience;
    requires transitive dev.treaty.balance;
    requires transitive dev.treaty.registry;
    requires transitive dev.treaty.http;
    requires transitive dev.treaty.config;
    requires transitive dev.treaty.security;
    requires transitive dev.treaty.observe;
    requires com.github.benmanes.caffeine;

    exports dev.treaty;
}
