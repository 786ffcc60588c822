package dev.treaty.core.discovery;

/** A registry with both of its faces: where instances register, and how clients read them. */
public interface Registry extends ServiceRegistry, ServiceDiscovery, AutoCloseable {
    /** How to write this registry in a configuration, such as {@code treaty://127.0.0.1:7400}. */
    String address();

    /** Stops renewing and watching; instances registered through it leave when their leases end, or at once. */
    @Override
    void close();
}
