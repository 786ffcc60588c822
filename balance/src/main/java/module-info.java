import org.jspecify.annotations.NullMarked;

/** Load balancing: which instance gets the next attempt. */
@NullMarked
module dev.treaty.balance {
    requires transitive dev.treaty.core;
    requires static org.jspecify;

    exports dev.treaty.balance;
}
