package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.ClusterAddress;
import dev.treaty.registry.spi.LeasedBackend;
import dev.treaty.registry.spi.RegistryAccess;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import dev.treaty.registry.spi.StorePaths;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

/** Keeps a registry in ZooKeeper, with the session as the lease. The package documentation lists the nodes. */
final class ZooKeeperBackend extends LeasedBackend {
    private static final int PORT = 2181;

    private static final byte[] NOTHING = {};
    private static final int ANY_VERSION = -1;

    private final CuratorFramework client;
    private final RegistryContext context;
    private final int leaseMillis;

    ZooKeeperBackend(RegistryAddress.Provided registry, RegistryContext context) {
        this(ClusterAddress.parse(registry, PORT), context);
    }

    private ZooKeeperBackend(ClusterAddress address, RegistryContext context) {
        super(new StorePaths(PathUtils.validatePath(address.path())));
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
        T send() throws Exception; // as Curator declares it
    }

    /** Sends a request; returns the alternative if a node is missing, exists already, or has been changed. */
    private static <T extends @Nullable Object> T ask(Request<T> request, T inConflict) throws InterruptedException {
        try {
            return request.send();
        } catch (InterruptedException | ServiceException e) {
            throw e;
        } catch (KeeperException e) {
            return switch (e.code()) {
                case NONODE, NODEEXISTS, BADVERSION -> inConflict;
                case CONNECTIONLOSS, SESSIONEXPIRED, OPERATIONTIMEOUT ->
                    throw unavailable("ZooKeeper cannot be reached (" + e.code() + ")");
                case NOAUTH, AUTHFAILED ->
                    throw new ServiceException(
                            Code.PERMISSION_DENIED,
                            "ZooKeeper denies access to " + e.getPath() + " (" + e.code() + ")");
                default -> throw unavailable("ZooKeeper: " + e.getMessage());
            };
        } catch (Exception e) {
            throw unavailable("ZooKeeper: " + e);
        }
    }

    static ServiceException unavailable(String message) {
        return new ServiceException(Code.UNAVAILABLE, message);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Returns data as text; other programs write nodes without data. */
    static String text(byte @Nullable [] data) {
        return data == null ? "" : new String(data, UTF_8);
    }

    @Override
    protected @Nullable Entry read(String path) throws InterruptedException {
        return read(path, new Stat());
    }

    private @Nullable Entry read(String path, Stat stat) throws InterruptedException {
        String text = ZooKeeperBackend.<@Nullable String>ask(
                () -> text(client.getData().storingStatIn(stat).forPath(path)), null);
        return text == null ? null : new Entry(path, text, stat.getVersion(), stat.getEphemeralOwner());
    }

    /** Returns the data of a node; an empty text if there is no such node. */
    String data(String path) throws InterruptedException {
        Entry entry = read(path);
        return entry == null ? "" : entry.text();
    }

    /** Returns the names of the children of a node, which need not exist. */
    List<String> names(String path) throws InterruptedException {
        return ask(() -> client.getChildren().forPath(path), List.of());
    }

    private @Nullable Stat stat(String path) throws InterruptedException {
        return ZooKeeperBackend.<@Nullable Stat>ask(() -> client.checkExists().forPath(path), null);
    }

    @Override
    protected List<Entry> children(String parent) throws InterruptedException {
        var found = new ArrayList<Map.Entry<Long, Entry>>(); // by transaction, which may have written several nodes
        for (String name : names(parent)) {
            var stat = new Stat();
            Entry entry = read(parent + "/" + name, stat);
            if (entry != null) {
                found.add(Map.entry(stat.getMzxid(), entry));
            }
        }
        found.sort(Map.Entry.comparingByKey());
        return found.stream().map(Map.Entry::getValue).toList();
    }

    @Override
    protected List<String> parents(String parent) throws InterruptedException {
        var parents = new ArrayList<String>();
        for (String name : names(parent)) {
            Stat stat = stat(parent + "/" + name);
            if (stat != null && stat.getNumChildren() > 0) {
                parents.add(name);
            }
        }
        return parents;
    }

    /** The transactions that changed the ids only go forward in one history. */
    @Override
    public String epoch(String candidate) throws InterruptedException {
        long before = position();
        Stat ids = stat(paths.ids());
        observe(0, before, ids == null ? 0 : ids.getPzxid());
        return super.epoch(candidate);
    }

    @Override
    protected boolean commit(List<Step> steps) throws InterruptedException {
        long session = lease();
        if (transact(steps, session)) {
            return true;
        }
        boolean creates = false;
        for (Step step : steps) {
            if (step.before()
                    == null) { // the parent may be missing: ZooKeeper removes it some time after its last child
                String parent = step.path().substring(0, step.path().lastIndexOf('/'));
                ask(
                        () -> {
                            client.createContainers(parent);
                            return true;
                        },
                        true);
                creates = true;
            }
        }
        return creates && transact(steps, session);
    }

    private boolean transact(List<Step> steps, long session) throws InterruptedException {
        return ask(
                () -> {
                    var operations = new ArrayList<CuratorOp>();
                    for (Step step : steps) {
                        add(operations, client.transactionOp(), step, session);
                    }
                    client.transaction().forOperations(operations);
                    return true;
                },
                false);
    }

    /** A node of an earlier session is replaced by one of this session. */
    private static void add(List<CuratorOp> operations, TransactionOp op, Step step, long session) throws Exception {
        Entry before = step.before();
        boolean moves = before != null && step.lease() == session && before.lease() != session;
        if (before != null && (moves || step.text() == null)) {
            operations.add(op.delete().withVersion((int) before.version()).forPath(step.path()));
        } else if (before != null) {
            byte[] data = bytes(String.valueOf(step.text()));
            operations.add(op.setData().withVersion((int) before.version()).forPath(step.path(), data));
        }
        if (before == null || moves) {
            var mode = step.lease() == 0 ? CreateMode.PERSISTENT : CreateMode.EPHEMERAL;
            operations.add(op.create().withMode(mode).forPath(step.path(), bytes(String.valueOf(step.text()))));
        }
    }

    /** A deleted node has no reason, so its parent has it. */
    @Override
    protected boolean remove(Entry claim, @Nullable Entry instance, String reason, boolean last)
            throws InterruptedException {
        if (instance == null) {
            return commit(List.of(new Step(claim.path(), claim, null, 0)));
        }
        Stat written = stat(instance.path());
        String parent = instance.path().substring(0, instance.path().lastIndexOf('/'));
        Entry reasons = read(parent);
        if (written == null || reasons == null) {
            return false;
        }
        String added = RemovalReasons.add(reasons.text(), written.getCzxid(), reason);
        long version = last ? ANY_VERSION : reasons.version();
        return commit(List.of(
                new Step(parent, new Entry(parent, reasons.text(), version, 0), added, 0),
                new Step(instance.path(), instance, null, 0),
                new Step(claim.path(), claim, null, 0)));
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
    protected long lease() throws InterruptedException {
        return ask(() -> client.getZookeeperClient().getZooKeeper().getSessionId(), 0L);
    }

    /** ZooKeeper's client renews the session. */
    @Override
    protected Set<String> renew() throws InterruptedException {
        return ask(() -> Set.copyOf(client.getZookeeperClient().getZooKeeper().getEphemerals(paths.root())), Set.of());
    }

    /** A node of a session exists as long as the session lives; ZooKeeper does not tell more. */
    @Override
    protected Map<Long, Optional<Instant>> renewals(Set<Long> leases) {
        var renewals = new HashMap<Long, Optional<Instant>>();
        leases.forEach(lease -> renewals.put(lease, Optional.empty()));
        return renewals;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        return new ZooKeeperFollower(this, client, paths.instances(service), context, service.value(), follower)
                .started();
    }

    @Override
    public Following followSettings(Follower follower) {
        return new ZooKeeperFollower(this, client, paths.settings(), context, "settings", follower).started();
    }

    /** Ends the session, and with it everything that is held. */
    @Override
    public void close() {
        client.close();
    }
}
