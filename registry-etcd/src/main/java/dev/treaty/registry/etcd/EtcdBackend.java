package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.ClusterAddress;
import dev.treaty.registry.spi.LeasedBackend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import dev.treaty.registry.spi.StorePaths;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Response;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.common.exception.EtcdExceptionFactory;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.OptionsUtil;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keeps a registry in etcd. The package documentation lists the keys. */
final class EtcdBackend extends LeasedBackend {
    private static final int PORT = 2379;

    /** The number of keys that one request reads. */
    private static final int PAGE = 1_000;

    /** Appended to a key, it makes the next key. */
    private static final ByteSequence NEXT = ByteSequence.from(new byte[1]);

    private final EtcdClients clients;
    private final RegistryContext context;
    private final long leaseSeconds;
    private final AtomicLong lease = new AtomicLong(); // 0 for none
    private volatile long leaseMillis;

    EtcdBackend(RegistryAddress.Provided registry, RegistryContext context) {
        this(ClusterAddress.parse(registry, PORT), context);
    }

    private EtcdBackend(ClusterAddress address, RegistryContext context) {
        super(new StorePaths(address.path()));
        this.context = context;
        this.clients = new EtcdClients(address, context);
        this.leaseSeconds = Math.max(1, context.policy().lease().toSeconds());
        this.leaseMillis = Duration.ofSeconds(leaseSeconds).toMillis();
    }

    /** Sends a request and waits for the response. */
    private <T> T ask(Function<Client, CompletableFuture<T>> request) throws InterruptedException {
        Client client = clients.current();
        CompletableFuture<T> response;
        try {
            response = request.apply(client);
        } catch (RuntimeException e) {
            clients.failed(client);
            throw exception(e);
        }
        try {
            T value = response.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            clients.succeeded(client);
            return value;
        } catch (ExecutionException e) {
            ServiceException exception = exception(e);
            if (exception.code() == Code.UNAVAILABLE) {
                clients.failed(client);
            }
            throw exception;
        } catch (TimeoutException e) {
            response.cancel(true);
            clients.failed(client);
            throw new ServiceException(Code.UNAVAILABLE, "etcd did not respond within " + PATIENCE_MILLIS + " ms");
        }
    }

    /** Reads or writes keys: requests whose responses are never behind earlier ones, in one history. */
    private <T extends Response> T askKeys(Function<KV, CompletableFuture<T>> request) throws InterruptedException {
        long before = position();
        T response = ask(client -> request.apply(client.getKVClient()));
        observe(
                response.getHeader().getClusterId(),
                before,
                response.getHeader().getRevision());
        return response;
    }

    /** Converts what jetcd throws: into the error that etcd returned, otherwise into {@code unavailable}. */
    static ServiceException exception(Throwable thrown) {
        Throwable cause = thrown;
        while (!(cause instanceof EtcdException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = "etcd: "
                + String.valueOf(cause.getMessage())
                        .lines()
                        .findFirst()
                        .orElse(cause.getClass().getSimpleName());
        // Some calls of jetcd fail with the exception of gRPC, which has the status of etcd's answer too.
        EtcdException etcd = cause instanceof EtcdException known ? known : EtcdExceptionFactory.toEtcdException(cause);
        Code code = switch (etcd.getErrorCode()) {
            case NOT_FOUND -> Code.NOT_FOUND;
            case UNAUTHENTICATED -> Code.UNAUTHENTICATED;
            case PERMISSION_DENIED -> Code.PERMISSION_DENIED;
            case RESOURCE_EXHAUSTED -> Code.RESOURCE_EXHAUSTED;
            default -> Code.UNAVAILABLE;
        };
        return code == Code.UNAVAILABLE && !(cause instanceof EtcdException)
                ? new ServiceException(code, message)
                : new ServiceException(Fault.of(code, message));
    }

    /** Returns whether etcd no longer keeps the requested revision. */
    static boolean isCompacted(Throwable e) {
        return e instanceof EtcdException etcd && etcd.getErrorCode() == ErrorCode.OUT_OF_RANGE;
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static Entry entry(KeyValue value) {
        return new Entry(
                value.getKey().toString(UTF_8),
                value.getValue().toString(UTF_8),
                value.getModRevision(),
                value.getLease());
    }

    @Override
    protected @Nullable Entry read(String path) throws InterruptedException {
        List<KeyValue> found = askKeys(kv -> kv.get(bytes(path))).getKvs();
        return found.isEmpty() ? null : entry(found.getFirst());
    }

    /** What is below a path as of a revision. */
    record Snapshot(long store, long revision, List<KeyValue> values) {}

    /** Reads page by page, each page as of the revision of the first. */
    Snapshot below(String parent, boolean keysOnly) throws InterruptedException {
        var values = new ArrayList<KeyValue>();
        ByteSequence from = bytes(parent + "/");
        ByteSequence end = OptionsUtil.prefixEndOf(from);
        long revision = 0;
        while (true) {
            ByteSequence first = from;
            var option = GetOption.builder()
                    .withRange(end)
                    .withLimit(PAGE)
                    .withRevision(revision)
                    .withKeysOnly(keysOnly)
                    .build();
            GetResponse page = askKeys(kv -> kv.get(first, option));
            values.addAll(page.getKvs());
            revision = revision == 0 ? page.getHeader().getRevision() : revision;
            if (!page.isMore()) {
                return new Snapshot(page.getHeader().getClusterId(), revision, values);
            }
            from = values.getLast().getKey().concat(NEXT);
        }
    }

    @Override
    protected List<Entry> children(String parent) throws InterruptedException {
        return below(parent, false).values().stream()
                .sorted(Comparator.comparingLong(KeyValue::getModRevision))
                .map(EtcdBackend::entry)
                .toList();
    }

    @Override
    protected Set<String> parents(String parent) throws InterruptedException {
        var names = new HashSet<String>();
        for (KeyValue each : below(parent, true).values()) {
            String rest = each.getKey().toString(UTF_8).substring(parent.length() + 1);
            if (rest.indexOf('/') > 0) {
                names.add(rest.substring(0, rest.indexOf('/')));
            }
        }
        return names;
    }

    private static Cmp isUnchanged(String path, @Nullable Entry before) {
        return before == null
                ? new Cmp(bytes(path), Cmp.Op.EQUAL, CmpTarget.createRevision(0))
                : new Cmp(bytes(path), Cmp.Op.EQUAL, CmpTarget.modRevision(before.version()));
    }

    private static Op change(String path, @Nullable String text, long lease) {
        return text == null
                ? Op.delete(bytes(path), DeleteOption.DEFAULT)
                : Op.put(
                        bytes(path),
                        bytes(text),
                        PutOption.builder().withLeaseId(lease).build());
    }

    @Override
    protected boolean commit(List<Step> steps) throws InterruptedException {
        Cmp[] conditions = steps.stream()
                .map(step -> isUnchanged(step.path(), step.before()))
                .toArray(Cmp[]::new);
        Op[] changes = steps.stream()
                .map(step -> change(step.path(), step.text(), step.lease()))
                .toArray(Op[]::new);
        try {
            TxnResponse response =
                    askKeys(kv -> kv.txn().If(conditions).Then(changes).commit());
            return response.isSucceeded();
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            steps.forEach(step -> lease.compareAndSet(step.lease(), 0)); // it has ended
            return false;
        }
    }

    /** A deletion has no reason, so the instance is replaced by that first. */
    @Override
    protected boolean remove(Entry claim, @Nullable Entry instance, String reason, boolean last)
            throws InterruptedException {
        String path = instance == null ? claim.path() : instance.path();
        if (instance != null && !commit(List.of(new Step(path, instance, GONE + reason, instance.lease())))) {
            return false;
        }
        TxnResponse response = askKeys(kv -> kv.txn()
                .If(new Cmp(bytes(claim.path()), Cmp.Op.EQUAL, CmpTarget.value(bytes(claim.text()))))
                .Then(change(path, null, 0), change(claim.path(), null, 0))
                .commit());
        return response.isSucceeded();
    }

    @Override
    public long leaseMillis() {
        return leaseMillis;
    }

    @Override
    protected synchronized long lease() throws InterruptedException {
        if (lease.get() == 0) {
            var granted = ask(client -> client.getLeaseClient().grant(leaseSeconds));
            leaseMillis = Duration.ofSeconds(granted.getTTL()).toMillis();
            lease.set(granted.getID());
        }
        return lease.get();
    }

    @Override
    protected Set<String> renew() throws InterruptedException {
        long held = lease.get();
        if (held == 0) {
            return Set.of();
        }
        try {
            ask(client -> client.getLeaseClient().keepAliveOnce(held));
            var under = new HashSet<String>();
            ask(client -> client.getLeaseClient()
                            .timeToLive(
                                    held,
                                    LeaseOption.builder().withAttachedKeys().build()))
                    .getKeys()
                    .forEach(key -> under.add(key.toString(UTF_8)));
            return under;
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            lease.compareAndSet(held, 0);
            return Set.of();
        }
    }

    @Override
    protected Map<Long, Optional<Instant>> renewals(Set<Long> leases) throws InterruptedException {
        var renewals = new HashMap<Long, Optional<Instant>>();
        for (long each : leases) {
            var left = ask(client -> client.getLeaseClient().timeToLive(each, LeaseOption.DEFAULT));
            if (left.getTTL() >= 0) { // otherwise it has ended
                long ago = left.getGrantedTTL() - left.getTTL();
                renewals.put(each, Optional.of(context.time().instant().minusSeconds(ago)));
            }
        }
        return renewals;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        return new EtcdFollower(this, clients, paths.instances(service), context, service.value(), follower).started();
    }

    @Override
    public Following followSettings(Follower follower) {
        return new EtcdFollower(this, clients, paths.settings(), context, "settings", follower).started();
    }

    @Override
    public void close() {
        long held = lease.getAndSet(0);
        try {
            if (held != 0) { // ends at once what could not be released
                ask(client -> client.getLeaseClient().revoke(held));
            }
        } catch (ServiceException e) {
            // etcd cannot be reached: the lease expires
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.close();
        }
    }
}
