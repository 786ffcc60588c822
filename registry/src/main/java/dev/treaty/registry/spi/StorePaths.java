package dev.treaty.registry.spi;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;

/**
 * The paths of a registry in a store.
 *
 * @param root the parent of all paths
 */
public record StorePaths(String root) {
    /** Returns the path of the mark that distinguishes this data from that of a store that was reset. */
    public String epoch() {
        return root + "/epoch";
    }

    /** Returns the parent of the claims of ids. */
    public String ids() {
        return root + "/ids";
    }

    /** Returns the path of the claim of an id. */
    public String id(String id) {
        return ids() + "/" + node(id);
    }

    /** Returns the parent of the services that have instances. */
    public String instances() {
        return root + "/instances";
    }

    /** Returns the parent of the instances of a service. */
    public String instances(ServiceName service) {
        return instances() + "/" + service;
    }

    /** Returns the path of an instance. */
    public String instance(ServiceName service, String id) {
        return instances(service) + "/" + node(id);
    }

    /** Returns the parent of the services that have contracts. */
    public String contracts() {
        return root + "/contracts";
    }

    /** Returns the parent of the contracts of a service. */
    public String contracts(ServiceName service) {
        return contracts() + "/" + service;
    }

    /** Returns the path of a contract. */
    public String contract(ServiceName service, Version version) {
        return contracts(service) + "/" + version;
    }

    /** Returns the parent of the central settings. */
    public String settings() {
        return root + "/settings";
    }

    /** Returns the parent of the watchers of a service. */
    public String watchers(ServiceName service) {
        return root + "/watchers/" + service;
    }

    /** Returns the path of a watcher. */
    public String watcher(ServiceName service, String watcher) {
        return watchers(service) + "/" + watcher;
    }

    /** Returns the name of the node for an id; ZooKeeper rejects a dot and two dots. */
    private static String node(String id) {
        return id.equals(".") || id.equals("..") ? "%" + id : id;
    }

    /** Returns the last part of a path: an id, if it is the path of an id or an instance. */
    public static String name(String path) {
        String node = path.substring(path.lastIndexOf('/') + 1);
        return node.equals("%.") || node.equals("%..") ? node.substring(1) : node;
    }
}
