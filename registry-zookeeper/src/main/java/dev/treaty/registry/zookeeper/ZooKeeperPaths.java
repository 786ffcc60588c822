package dev.treaty.registry.zookeeper;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.spi.Backend.Holding;

/**
 * Where everything stands in ZooKeeper.
 *
 * @param root the node that everything stands below
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
        return instance(holding.service(), holding.id());
    }

    String instance(ServiceName service, String id) {
        return instances(service) + "/" + node(id);
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

    /** A node may be called anything but a dot or two. */
    private static String node(String id) {
        return id.equals(".") || id.equals("..") ? "%" + id : id;
    }

    /** The id that such a node is about. */
    static String id(String prefix, String path) {
        String node = path.substring(prefix.length());
        return node.equals("%.") || node.equals("%..") ? node.substring(1) : node;
    }
}
