package dev.treaty.registry.etcd;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.spi.Backend.Holding;
import java.util.Optional;

/**
 * The keys of a registry in etcd.
 *
 * @param prefix the prefix of every key
 */
record EtcdKeys(String prefix) {
    String epoch() {
        return prefix + "/epoch";
    }

    String id(String id) {
        return prefix + "/ids/" + id;
    }

    String instances() {
        return prefix + "/instances/";
    }

    String instances(ServiceName service) {
        return instances() + service + "/";
    }

    String instance(Holding holding) {
        return instances(holding.service()) + holding.id();
    }

    String contracts() {
        return prefix + "/contracts/";
    }

    String contracts(ServiceName service) {
        return contracts() + service + "/";
    }

    String contract(ServiceName service, Version version) {
        return contracts(service) + version;
    }

    /** Returns the service of a key under {@link #instances()} or {@link #contracts()}; empty if it has none. */
    static Optional<ServiceName> service(String parent, String key) {
        int end = key.indexOf('/', parent.length());
        try {
            return end < 0 ? Optional.empty() : Optional.of(new ServiceName(key.substring(parent.length(), end)));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // another program has written it
        }
    }
}
