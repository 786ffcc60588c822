package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryAccess;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a registry in ZooKeeper. Ids are claimed and instances written in one transaction, so that an id has one holder
 * whatever happens in between; see the package for the nodes.
 */
final class ZooKeeperBackend implements Backend {
    /** How often a transaction is tried again that somebody else's came before. */
    private static final int TRIES = 8;

    private static final byte[] NOTHING = {};

    private final ZooKeeperPaths paths;
    private final CuratorFramework client;
    private final Time time;
    private final RandomGenerator random;
    private final int leaseMillis;

    ZooKeeperBackend(ZooKeeperAddress address, RegistryContext surroundings) {
        this.paths = new ZooKeeperPaths(address.root());
        this.time = surroundings.time();
        this.random = surroundings.random();
        this.leaseMillis = (int) surroundings.policy().lease().toMillis();
        var builder = CuratorFrameworkFactory.builder();
        enter(builder, address.access());
        this.client = builder.connectString(address.servers())
                .sessionTimeoutMs(leaseMillis)
                .connectionTimeoutMs((int) PATIENCE_MILLIS)
                .retryPolicy((_, _, _) -> false) // whoever asks tries again, with pauses of its own
                .defaultData(NOTHING)
                .build();
        client.start();
    }

    /** With a password, what we write is ours alone; with certificates, the connection is encrypted. */
    private static void enter(CuratorFrameworkFactory.Builder builder, RegistryAccess access) {
        access.password().ifPresent(password -> {
            String user = access.user().orElseThrow();
            builder.authorization("digest", (user + ":" + password).getBytes(UTF_8));
            builder.aclProvider(new ACLProvider() {
                @Override
                public List<ACL> getDefaultAcl() {
                    return ZooDefs.Ids.CREATOR_ALL_ACL;
                }

                @Override
                public List<ACL> getAclForPath(String path) {
                    return ZooDefs.Ids.CREATOR_ALL_ACL;
                }
            });
        });
        access.ca().ifPresent(ca -> {
            var config = new ZKClientConfig();
            config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
            config.setProperty(
                    ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
            config.setProperty("zookeeper.ssl.trustStore.location", ca.toString());
            config.setProperty("zookeeper.ssl.trustStore.type", "PEM");
            access.certificate().ifPresent(own -> {
                config.setProperty("zookeeper.ssl.keyStore.location", own.toString());
                config.setProperty("zookeeper.ssl.keyStore.type", "PEM");
            });
            builder.zkClientConfig(config);
        });
    }

    CuratorFramework client() {
        return client;
    }

    /** One exchange with ZooKeeper. */
    @FunctionalInterface
    interface Question<T> {
        @SuppressWarnings("checkstyle:IllegalThrows")
        T ask(CuratorFramework client) throws Exception; // as Curator declares it
    }

    /** Asks ZooKeeper; what it answers where nothing went wrong between it and us is left to whoever asks. */
    <T> T ask(Question<T> question) throws InterruptedException, KeeperException {
        try {
            return question.ask(client);
        } catch (InterruptedException e) {
            throw e;
        } catch (KeeperException.ConnectionLossException
                | KeeperException.SessionExpiredException
                | KeeperException.OperationTimeoutException e) {
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper cannot be reached (" + e.code() + ")");
        } catch (KeeperException.NoAuthException | KeeperException.AuthFailedException e) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED, "ZooKeeper does not let us use " + e.getPath() + " (" + e.code() + ")");
        } catch (KeeperException e) {
            throw e;
        } catch (Exception e) {
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + e);
        }
    }

    private static ServiceException unexpected(KeeperException e) {
        return new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + e.getMessage());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Data as text; others write nodes without any. */
    static String text(byte @Nullable [] data) {
        return data == null ? "" : new String(data, UTF_8);
    }

    /** The data of a node; null where there is no such node. */
    @Nullable
    String read(String path) throws InterruptedException {
        return read(path, new Stat());
    }

    private @Nullable String read(String path, Stat stat) throws InterruptedException {
        try {
            return text(ask(zoo -> zoo.getData().storingStatIn(stat).forPath(path)));
        } catch (KeeperException.NoNodeException e) {
            return null;
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    /** The names of the nodes below one; none where there is no such node. */
    List<String> children(String path) throws InterruptedException {
        try {
            return ask(zoo -> zoo.getChildren().forPath(path));
        } catch (KeeperException.NoNodeException e) {
            return List.of();
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    private @Nullable Stat stat(String path) throws InterruptedException {
        try {
            return ask(new Question<Optional<Stat>>() {
                        @Override
                        public Optional<Stat> ask(CuratorFramework zoo) throws Exception {
                            return Optional.ofNullable(zoo.checkExists().forPath(path));
                        }
                    })
                    .orElse(null);
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    private long session() throws InterruptedException {
        try {
            return ask(zoo -> zoo.getZookeeperClient().getZooKeeper().getSessionId());
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    @Override
    public String epoch(String candidate) throws InterruptedException {
        for (int i = 0; i < TRIES; i++) {
            String known = read(paths.epoch());
            if (known != null) {
                return known;
            }
            try {
                ask(zoo -> zoo.create().creatingParentsIfNeeded().forPath(paths.epoch(), bytes(candidate)));
                return candidate;
            } catch (KeeperException.NodeExistsException e) {
                // somebody else came first: read theirs
            } catch (KeeperException e) {
                throw unexpected(e);
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper's epoch is neither there nor can it be made");
    }

    @Override
    public long leaseMillis() {
        try {
            int granted = client.getZookeeperClient().getZooKeeper().getSessionTimeout();
            return granted > 0 ? granted : leaseMillis;
        } catch (Exception e) { // as Curator declares it
            return leaseMillis;
        }
    }

    private static String claim(Holding holding) {
        return holding.owner() + " " + holding.service();
    }

    @Override
    public Optional<Holder> hold(Holding holding) throws InterruptedException {
        String id = paths.id(holding.id());
        String instance = paths.instance(holding);
        for (int i = 0; i < TRIES; i++) {
            String there = read(id);
            if (there != null && !there.equals(claim(holding))) {
                return Optional.of(holder(there));
            }
            try {
                if (there == null) {
                    ask(zoo -> {
                        zoo.createContainers(paths.ids());
                        zoo.createContainers(paths.instances(holding.service()));
                        return true;
                    });
                }
                List<CuratorOp> steps = steps(holding, id, instance);
                ask(zoo -> zoo.transaction().forOperations(steps));
                return Optional.empty();
            } catch (KeeperException.NodeExistsException
                    | KeeperException.NoNodeException
                    | KeeperException.BadVersionException e) {
                // changed in between: look again
            } catch (KeeperException e) {
                throw unexpected(e);
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "others keep changing instance " + holding.id());
    }

    /** What brings both nodes to be there, in this session; those of a session before are its own no longer. */
    private List<CuratorOp> steps(Holding holding, String id, String instance)
            throws InterruptedException, KeeperException {
        long session = session();
        Stat claimed = stat(id);
        Stat written = stat(instance);
        byte[] value = bytes(holding.value());
        return ask(zoo -> {
            var steps = new ArrayList<CuratorOp>();
            var make = zoo.transactionOp().create().withMode(CreateMode.EPHEMERAL);
            if (claimed == null || claimed.getEphemeralOwner() != session) {
                if (claimed != null) {
                    steps.add(zoo.transactionOp()
                            .delete()
                            .withVersion(claimed.getVersion())
                            .forPath(id));
                }
                steps.add(make.forPath(id, bytes(claim(holding))));
            } else {
                steps.add(zoo.transactionOp()
                        .check()
                        .withVersion(claimed.getVersion())
                        .forPath(id));
            }
            if (written != null && written.getEphemeralOwner() == session) {
                steps.add(zoo.transactionOp().setData().forPath(instance, value));
            } else {
                if (written != null) {
                    steps.add(zoo.transactionOp()
                            .delete()
                            .withVersion(written.getVersion())
                            .forPath(instance));
                }
                steps.add(zoo.transactionOp()
                        .create()
                        .withMode(CreateMode.EPHEMERAL)
                        .forPath(instance, value));
            }
            return steps;
        });
    }

    private static Holder holder(String claim) {
        int space = claim.indexOf(' ');
        try {
            return new Holder(new ServiceName(claim.substring(space + 1)), claim.substring(0, Math.max(0, space)));
        } catch (IllegalArgumentException e) {
            return new Holder(new ServiceName("unknown"), ""); // somebody else wrote it
        }
    }

    @Override
    public boolean replace(Holding holding) throws InterruptedException {
        String id = paths.id(holding.id());
        for (int i = 0; i < TRIES; i++) {
            Stat claimed = stat(id);
            if (claimed == null || claimed.getEphemeralOwner() != session()) {
                return false;
            }
            try {
                ask(zoo -> zoo.transaction()
                        .forOperations(
                                zoo.transactionOp()
                                        .check()
                                        .withVersion(claimed.getVersion())
                                        .forPath(id),
                                zoo.transactionOp()
                                        .setData()
                                        .forPath(paths.instance(holding), bytes(holding.value()))));
                return true;
            } catch (KeeperException.NoNodeException e) {
                return false;
            } catch (KeeperException.BadVersionException e) {
                // changed in between: look again
            } catch (KeeperException e) {
                throw unexpected(e);
            }
        }
        return false;
    }

    @Override
    public Set<String> renew(Collection<Holding> holdings) throws InterruptedException {
        long session = session(); // which ZooKeeper's client keeps alive; what is not in it has to be held again
        var unknown = new HashSet<String>();
        for (Holding holding : holdings) {
            Stat written = stat(paths.instance(holding));
            if (written == null || written.getEphemeralOwner() != session) {
                unknown.add(holding.id());
            }
        }
        return unknown;
    }

    @Override
    public void release(Holding holding, String reason) throws InterruptedException {
        String id = paths.id(holding.id());
        String instance = paths.instance(holding);
        String service = paths.instances(holding.service());
        for (int i = 0; i < TRIES; i++) {
            if (!claim(holding).equals(read(id))) {
                return;
            }
            Stat written = stat(instance);
            Stat above = stat(service);
            String departures = read(service);
            int version = above == null || i == TRIES - 1 ? -1 : above.getVersion();
            try {
                ask(zoo -> {
                    var steps = new ArrayList<CuratorOp>();
                    if (written != null) {
                        String told = Departures.add(departures, written.getCzxid(), reason);
                        steps.add(zoo.transactionOp()
                                .setData()
                                .withVersion(version)
                                .forPath(service, bytes(told)));
                        steps.add(zoo.transactionOp().delete().forPath(instance));
                    }
                    steps.add(zoo.transactionOp().delete().forPath(id));
                    return zoo.transaction().forOperations(steps);
                });
                return;
            } catch (KeeperException.NoNodeException | KeeperException.BadVersionException e) {
                // somebody else left at the same time: look again
            } catch (KeeperException e) {
                throw unexpected(e);
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "others keep changing " + service);
    }

    @Override
    public void store(ServiceName service, Version version, String contract) throws InterruptedException {
        try {
            ask(zoo -> zoo.create()
                    .orSetData()
                    .creatingParentsIfNeeded()
                    .forPath(paths.contract(service, version), bytes(contract)));
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    @Override
    public void forget(ServiceName service, Version version) throws InterruptedException {
        try {
            ask(zoo -> zoo.delete().quietly().forPath(paths.contract(service, version)));
        } catch (KeeperException e) {
            throw unexpected(e);
        }
    }

    @Override
    public List<String> contracts(ServiceName service) throws InterruptedException {
        return below(paths.contracts(service));
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        return below(paths.instances(service));
    }

    /** The data of the nodes below one, in the order in which they were written last. */
    private List<String> below(String path) throws InterruptedException {
        var texts = new ArrayList<Map.Entry<Long, String>>(); // by the transaction, which may have written several
        for (String name : children(path)) {
            var stat = new Stat();
            String text = read(path + "/" + name, stat);
            if (text != null) {
                texts.add(Map.entry(stat.getMzxid(), text));
            }
        }
        return texts.stream()
                .sorted(Map.Entry.comparingByKey())
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public Set<ServiceName> services() throws InterruptedException {
        var names = new TreeSet<ServiceName>();
        for (String all : List.of(paths.instances(), paths.contracts())) {
            for (String name : children(all)) {
                Stat stat = stat(all + "/" + name);
                if (stat != null && stat.getNumChildren() > 0) {
                    try {
                        names.add(new ServiceName(name));
                    } catch (IllegalArgumentException e) {
                        // somebody else wrote it
                    }
                }
            }
        }
        return names;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var following = new ZooKeeperFollowing(this, client, paths, time, random, service, follower);
        following.start();
        return following;
    }

    /** Ends the session, and with it all that is held. */
    @Override
    public void close() {
        client.close();
    }
}
