import org.jspecify.annotations.NullMarked;

/** The vocabulary of Treaty: contracts, calls, discovery, events and time. It depends on nothing. */
@NullMarked
module dev.treaty.core {
    requires transitive org.jspecify; // also at run time: a contract is read with @Nullable

    exports dev.treaty.core.call;
    exports dev.treaty.core.contract;
    exports dev.treaty.core.discovery;
    exports dev.treaty.core.event;
    exports dev.treaty.core.health;
    exports dev.treaty.core.time;
}
