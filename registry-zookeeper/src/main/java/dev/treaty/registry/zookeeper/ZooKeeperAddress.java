package dev.treaty.registry.zookeeper;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryAccess;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import org.apache.curator.utils.PathUtils;

/**
 * Where ZooKeeper is.
 *
 * @param servers as ZooKeeper's own clients write them: {@code host:2181,host:2181}
 * @param root the node that everything stands below
 * @param access with what it lets us in
 */
record ZooKeeperAddress(String servers, String root, RegistryAccess access) {
    private static final int PORT = 2181;
    private static final String ROOT = "/treaty";

    static ZooKeeperAddress parse(RegistryAddress.Provided address) {
        String text = address.hierarchy();
        int slash = text.indexOf('/');
        var servers = new ArrayList<String>();
        for (String server : (slash < 0 ? text : text.substring(0, slash)).split(",", -1)) {
            servers.add(server(address, server));
        }
        return new ZooKeeperAddress(
                String.join(",", servers),
                root(address, slash < 0 ? ROOT : text.substring(slash)),
                RegistryAccess.of(address));
    }

    private static String server(RegistryAddress.Provided address, String server) {
        try {
            var uri = new URI("zookeeper://" + server).parseServerAuthority();
            boolean plain = uri.getHost() != null
                    && uri.getUserInfo() == null
                    && uri.getPath().isEmpty();
            if (plain) {
                String host = uri.getHost().replaceAll("[\\[\\]]", "");
                return new ServiceEndpoint("http", host, uri.getPort() < 0 ? PORT : uri.getPort()).authority();
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            // said below
        }
        throw problem(address);
    }

    private static String root(RegistryAddress.Provided address, String path) {
        try {
            return PathUtils.validatePath(path);
        } catch (IllegalArgumentException e) {
            throw problem(address);
        }
    }

    private static IllegalArgumentException problem(RegistryAddress.Provided address) {
        return new IllegalArgumentException("\"" + address + "\" names no ZooKeeper: write zookeeper://host:" + PORT
                + ", several servers with commas between them, and behind a slash the node to use if it is not "
                + ROOT);
    }
}
