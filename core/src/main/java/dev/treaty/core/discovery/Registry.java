package dev.treaty.core.discovery;

import dev.treaty.core.text.Secrets;

/** A complete registry: services register with it, and clients read it. */
public interface Registry extends ServiceRegistry, ServiceDiscovery, AutoCloseable {
    /** The address of this registry for configuration files, such as {@code treaty://127.0.0.1:7400}. */
    String address();

    /** Returns the central settings that this registry keeps for all processes that use it. */
    default SettingsStore settings() {
        return SettingsStore.unsupported(Secrets.mask(address()));
    }

    /** Stops renewing and watching; instances registered through it are removed immediately or when leases expire. */
    @Override
    void close();
}
