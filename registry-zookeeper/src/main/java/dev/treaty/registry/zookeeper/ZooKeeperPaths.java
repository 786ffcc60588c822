package dev.treaty.registry.zookeeper;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.spi.Backend.Holding;

/**
 * The nodes of a registry in ZooKeeper.
 *
 * @param root the parent of all nodes
 */
record ZooKeeperPaths(String root) {
    String epoch() {
        return root + "/epoch";
    }

    String ids() {
        return root + "/ids";
    }

    String id(String id) {
        return ids() + "/" + node(id);
    }

    String instances() {
        return root + "/instances";
    }

    String instances(ServiceName service) {
        return instances() + "/" + service;
    }

    String instance(Holding holding) {
        return instances(holding.service()) + "/" + node(holding.id());
    }

    String contracts() {
        return root + "/contracts";
    }

    String contracts(ServiceName service) {
        return contracts() + "/" + service;
    }

    String contract(ServiceName service, Version version) {
        return contracts(service) + "/" + version;
    }

    /** Returns the name of the node for an id; ZooKeeper rejects a dot and two dots. */
    private static String node(String id) {
        return id.equals(".") || id.equals("..") ? "%" + id : id;
    }

    /** Returns the id of a node. */
    static String id(String parent, String path) {
        String node = path.substring(parent.length() + 1);
        return node.equals("%.") || node.equals("%..") ? node.substring(1) : node;
    }
}
