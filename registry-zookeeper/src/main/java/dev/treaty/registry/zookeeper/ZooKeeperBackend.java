package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.Claim;
import dev.treaty.registry.spi.ClusterAddress;
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
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.curator.utils.PathUtils;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a registry in ZooKeeper. One transaction claims an id and writes the instance, so that an id has at most one
 * holder. The package documentation lists the nodes.
 */
final class ZooKeeperBackend implements Backend {
    private static final int PORT = 2181;

    /** How often a transaction that conflicts with others is tried. */
    private static final int TRIES = 8;

    private static final byte[] NOTHING = {};
    private static final int ANY_VERSION = -1;

    private final ZooKeeperPaths paths;
    private final CuratorFramework client;
    private final RegistryContext context;
    private final int leaseMillis;

    ZooKeeperBackend(RegistryAddress.Provided registry, RegistryContext context) {
        var address = ClusterAddress.parse(registry, PORT);
        this.paths = new ZooKeeperPaths(PathUtils.validatePath(address.path()));
        this.context = context;
        this.leaseMillis = (int) context.policy().lease().toMillis();
        var builder = CuratorFrameworkFactory.builder();
        authenticate(builder, address.access());
        this.client = builder.connectString(address.members().stream()
                        .map(member -> member.authority())
                        .collect(Collectors.joining(",")))
                .sessionTimeoutMs(leaseMillis)
                .connectionTimeoutMs((int) PATIENCE_MILLIS)
                .retryPolicy((_, _, _) -> false) // callers retry, with pauses of their own
                .defaultData(NOTHING)
                .build();
        client.start();
    }

    /** With a password, only its user may access the nodes; with certificates, the connection is encrypted. */
    private static void authenticate(CuratorFrameworkFactory.Builder builder, RegistryAccess access) {
        access.password().ifPresent(password -> {
            builder.authorization("digest", bytes(access.user().orElseThrow() + ":" + password));
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

    @FunctionalInterface
    private interface Request<T extends @Nullable Object> {
        T send(CuratorFramework client) throws Exception; // as Curator declares it
    }

    /** Sends a request and waits for the response; conflicts with other writers are left to the caller. */
    private <T extends @Nullable Object> T tryTo(Request<T> request) throws InterruptedException, Conflict {
        try {
            return request.send(client);
        } catch (InterruptedException e) {
            throw e;
        } catch (KeeperException.NoNodeException
                | KeeperException.NodeExistsException
                | KeeperException.BadVersionException e) {
            throw new Conflict(e);
        } catch (KeeperException.ConnectionLossException
                | KeeperException.SessionExpiredException
                | KeeperException.OperationTimeoutException e) {
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper cannot be reached (" + e.code() + ")");
        } catch (KeeperException.NoAuthException | KeeperException.AuthFailedException e) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED, "ZooKeeper denies access to " + e.getPath() + " (" + e.code() + ")");
        } catch (KeeperException e) {
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + e.getMessage());
        } catch (Exception e) {
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + e);
        }
    }

    /** A node is missing, exists already, or has been changed. */
    private static final class Conflict extends Exception {
        private static final long serialVersionUID = 1;

        Conflict(KeeperException cause) {
            super(cause);
        }

        boolean nodeMissing() {
            return getCause() instanceof KeeperException.NoNodeException;
        }

        ServiceException toServiceException() {
            return new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + getMessage());
        }
    }

    /** Sends a request; returns the alternative if the node is missing. */
    private <T extends @Nullable Object> T ask(Request<T> request, T ifMissing) throws InterruptedException {
        try {
            return tryTo(request);
        } catch (Conflict e) {
            if (e.nodeMissing()) {
                return ifMissing;
            }
            throw e.toServiceException();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Returns data as text; other programs write nodes without data. */
    static String text(byte @Nullable [] data) {
        return data == null ? "" : new String(data, UTF_8);
    }

    /** Returns the data of a node, or null if it does not exist. */
    @Nullable
    String read(String path) throws InterruptedException {
        return read(path, new Stat());
    }

    private @Nullable String read(String path, Stat stat) throws InterruptedException {
        return this.<@Nullable String>ask(
                zoo -> text(zoo.getData().storingStatIn(stat).forPath(path)), null);
    }

    /** Returns the names of the children of a node, which need not exist. */
    List<String> children(String path) throws InterruptedException {
        return ask(zoo -> zoo.getChildren().forPath(path), List.of());
    }

    private @Nullable Stat stat(String path) throws InterruptedException {
        return this.<@Nullable Stat>ask(zoo -> zoo.checkExists().forPath(path), null);
    }

    private long session() throws InterruptedException {
        return ask(zoo -> zoo.getZookeeperClient().getZooKeeper().getSessionId(), 0L);
    }

    /** Returns whether a node exists in this session; one of an earlier session will expire. */
    private static boolean isOf(long session, @Nullable Stat stat) {
        return stat != null && stat.getEphemeralOwner() == session;
    }

    @Override
    public String epoch(String candidate) throws InterruptedException {
        for (int i = 0; i < TRIES; i++) {
            String known = read(paths.epoch());
            if (known != null) {
                return known;
            }
            try {
                tryTo(zoo -> zoo.create().creatingParentsIfNeeded().forPath(paths.epoch(), bytes(candidate)));
                return candidate;
            } catch (Conflict e) {
                // another client has created it
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper's epoch can be neither read nor created");
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

    @Override
    public Optional<Holder> hold(Holding holding) throws InterruptedException {
        String id = paths.id(holding.id());
        for (int i = 0; i < TRIES; i++) {
            String claim = read(id);
            if (claim != null && !claim.equals(Claim.of(holding))) {
                return Optional.of(Claim.holder(claim));
            }
            try {
                if (claim == null) {
                    tryTo(zoo -> {
                        zoo.createContainers(paths.ids());
                        zoo.createContainers(paths.instances(holding.service()));
                        return true;
                    });
                }
                write(holding, id);
                return Optional.empty();
            } catch (Conflict e) {
                // changed meanwhile: read again
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, "instance " + holding.id() + " changes too often");
    }

    /** Creates both nodes in this session; those of an earlier session are replaced. */
    private void write(Holding holding, String id) throws InterruptedException, Conflict {
        long session = session();
        Stat claimed = stat(id);
        String instance = paths.instance(holding);
        Stat written = stat(instance);
        tryTo(zoo -> {
            TransactionOp op = zoo.transactionOp();
            var steps = new ArrayList<CuratorOp>();
            if (claimed != null && isOf(session, claimed)) {
                steps.add(op.check().withVersion(claimed.getVersion()).forPath(id));
            } else {
                replace(steps, op, id, claimed, Claim.of(holding));
            }
            if (isOf(session, written)) {
                steps.add(op.setData().forPath(instance, bytes(holding.value())));
            } else {
                replace(steps, op, instance, written, holding.value());
            }
            return zoo.transaction().forOperations(steps);
        });
    }

    private static void replace(
            List<CuratorOp> steps, TransactionOp op, String path, @Nullable Stat before, String data) throws Exception {
        if (before != null) {
            steps.add(op.delete().withVersion(before.getVersion()).forPath(path));
        }
        steps.add(op.create().withMode(CreateMode.EPHEMERAL).forPath(path, bytes(data)));
    }

    @Override
    public boolean replace(Holding holding) throws InterruptedException {
        String id = paths.id(holding.id());
        for (int i = 0; i < TRIES; i++) {
            Stat claimed = stat(id);
            if (claimed == null || !isOf(session(), claimed)) {
                return false;
            }
            try {
                tryTo(zoo -> zoo.transaction()
                        .forOperations(
                                zoo.transactionOp()
                                        .check()
                                        .withVersion(claimed.getVersion())
                                        .forPath(id),
                                zoo.transactionOp()
                                        .setData()
                                        .forPath(paths.instance(holding), bytes(holding.value()))));
                return true;
            } catch (Conflict e) {
                if (e.nodeMissing()) {
                    return false;
                }
            }
        }
        return false;
    }

    @Override
    public Set<String> renew(Collection<Holding> holdings) throws InterruptedException {
        long session = session(); // ZooKeeper's client renews it
        var unknown = new HashSet<String>();
        for (Holding holding : holdings) {
            if (!isOf(session, stat(paths.instance(holding)))) {
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
            if (!Claim.of(holding).equals(read(id))) {
                return;
            }
            Stat written = stat(instance);
            var parent = new Stat();
            String reasons = read(service, parent);
            int version = reasons == null || i == TRIES - 1 ? ANY_VERSION : parent.getVersion();
            try {
                tryTo(zoo -> {
                    TransactionOp op = zoo.transactionOp();
                    var steps = new ArrayList<CuratorOp>();
                    if (written != null) {
                        String added = RemovalReasons.add(reasons, written.getCzxid(), reason);
                        steps.add(op.setData().withVersion(version).forPath(service, bytes(added)));
                        steps.add(op.delete().forPath(instance));
                    }
                    steps.add(op.delete().forPath(id));
                    return zoo.transaction().forOperations(steps);
                });
                return;
            } catch (Conflict e) {
                // another instance was removed at the same time: read again
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, service + " changes too often");
    }

    @Override
    public void store(ServiceName service, Version version, String contract) throws InterruptedException {
        String path = paths.contract(service, version);
        try {
            tryTo(zoo -> zoo.create().orSetData().creatingParentsIfNeeded().forPath(path, bytes(contract)));
        } catch (Conflict e) {
            throw e.toServiceException();
        }
    }

    @Override
    public void forget(ServiceName service, Version version) throws InterruptedException {
        String path = paths.contract(service, version);
        ask(
                zoo -> {
                    zoo.delete().quietly().forPath(path);
                    return path;
                },
                path);
    }

    @Override
    public List<String> contracts(ServiceName service) throws InterruptedException {
        return childData(paths.contracts(service));
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        return childData(paths.instances(service));
    }

    /** Returns the data of the children of a node, in the order of their last changes. */
    private List<String> childData(String path) throws InterruptedException {
        var data = new ArrayList<Map.Entry<Long, String>>(); // by transaction, which may have written several nodes
        for (String name : children(path)) {
            var stat = new Stat();
            String text = read(path + "/" + name, stat);
            if (text != null) {
                data.add(Map.entry(stat.getMzxid(), text));
            }
        }
        return data.stream()
                .sorted(Map.Entry.comparingByKey())
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public Set<ServiceName> services() throws InterruptedException {
        var names = new TreeSet<ServiceName>();
        for (String parent : List.of(paths.instances(), paths.contracts())) {
            for (String name : children(parent)) {
                Stat stat = stat(parent + "/" + name);
                if (stat != null && stat.getNumChildren() > 0) {
                    try {
                        names.add(new ServiceName(name));
                    } catch (IllegalArgumentException e) {
                        // another program has written it
                    }
                }
            }
        }
        return names;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var thread = new ZooKeeperFollower(this, client, paths.instances(service), context, service, follower);
        thread.start();
        return thread;
    }

    /** Ends the session, and with it everything that is held. */
    @Override
    public void close() {
        client.close();
    }
}
