package dev.treaty.registry.etcd;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.spi.Backend.Holding;
import java.util.Optional;

/**
 * Where everything stands in etcd.
 *
 * @param prefix what every key begins with
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

    /** The service that a key below one of those is about, if it is about one. */
    static Optional<ServiceName> service(String below, String key) {
        int end = key.indexOf('/', below.length());
        try {
            return end < 0 ? Optional.empty() : Optional.of(new ServiceName(key.substring(below.length(), end)));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // somebody else wrote it
        }
    }
}
