package dev.treaty.benchmarks.discovery;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.details.ServiceCacheListener;

/** Curator's own service discovery, without Treaty. */
final class CuratorSubject extends ZooKeeper {
    private static final String PATH = "/bench";

    @Override
    public String name() {
        return "curator";
    }

    @Override
    public String about() {
        return "Curator's ServiceDiscovery and ServiceCache with their defaults, without Treaty, over a ZooKeeper of"
                + " one server in the process that measures";
    }

    @Override
    Client client(String address) throws IOException {
        CuratorFramework framework = CuratorFrameworkFactory.newClient(address, new RetryOneTime(100));
        framework.start();
        ServiceDiscovery<Void> discovery = ServiceDiscoveryBuilder.builder(Void.class)
                .client(framework)
                .basePath(PATH)
                .build();
        started("service discovery", discovery::start);
        return new Client() {
            @Override
            public AutoCloseable register(String id) throws IOException {
                return CuratorSubject.register(discovery, id);
            }

            @Override
            public void watch(Consumer<String> added) throws IOException {
                CuratorSubject.watch(discovery, added);
            }

            @Override
            public void close() throws IOException {
                discovery.close();
                framework.close();
            }
        };
    }

    private interface Start {
        void run() throws Exception;
    }

    private static void started(String what, Start start) throws IOException {
        try {
            start.run();
        } catch (Exception e) { // whatever Curator says it throws
            throw new IOException("Curator's " + what + " failed: " + e.getMessage(), e);
        }
    }

    private static AutoCloseable register(ServiceDiscovery<Void> discovery, String id) throws IOException {
        ServiceInstance<Void> instance;
        try {
            instance = ServiceInstance.<Void>builder()
                    .id(id)
                    .name(SERVICE)
                    .address("127.0.0.1")
                    .port(8080)
                    .build();
        } catch (Exception e) { // it looks for addresses of this machine
            throw new IOException("Curator cannot make an instance: " + e.getMessage(), e);
        }
        started("registration", () -> discovery.registerService(instance));
        return () -> discovery.unregisterService(instance);
    }

    private static void watch(ServiceDiscovery<Void> discovery, Consumer<String> added) throws IOException {
        ServiceCache<Void> cache = discovery.serviceCacheBuilder().name(SERVICE).build();
        Set<String> known = ConcurrentHashMap.newKeySet();
        cache.addListener(new ServiceCacheListener() {
            @Override
            public void cacheChanged() {
                for (ServiceInstance<Void> instance : cache.getInstances()) {
                    if (known.add(instance.getId())) {
                        added.accept(instance.getId());
                    }
                }
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {
                // nothing is measured while it is away
            }
        });
        started("cache", cache::start);
    }
}
