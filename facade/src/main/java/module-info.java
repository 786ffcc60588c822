import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.resilience;
    requires transitive dev.treaty.balance;
    requires transitive dev.treaty.registry;
    requires transitive dev.treaty.http;
    requires transitive dev.treaty.config;
    requires transitive dev.treaty.observe;
}
