import org.jspecify.annotations.NullMarked;

/** The core types of Treaty: contracts, calls, discovery, events and time. It has no dependencies at run time. */
@NullMarked
module dev.treaty.core {
    requires transitive org.jspecify; // also at run time: contracts are read with @Nullable

    exports dev.treaty.core.call;
    exports dev.treaty.core.contract;
    exports dev.treaty.core.contract.compatibility;
    exports dev.treaty.core.discovery;
    exports dev.treaty.core.event;
    exports dev.treaty.core.health;
    exports dev.treaty.core.security;
    exports dev.treaty.core.text;
    exports dev.treaty.core.time;
    exports dev.treaty.core.timeout;
}
