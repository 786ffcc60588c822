package dev.treaty.registry.dns;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A DNS server for the instances of a registry. The name of a service, such as {@code shop.orders.treaty.}, has an
 * address record for each instance that accepts calls, and SRV records with the ports; so has {@code
 * _http._tcp.shop.orders.treaty.} Names are case-insensitive, as always in DNS. The name of an instance is its id below
 * that of its service: {@code orders-1.shop.orders.treaty.} If the id is not a name of DNS in lower case, a digest of
 * the id follows what remains of it.
 *
 * <p>The server answers over UDP and TCP, and only for its zone, so that it cannot be used to amplify attacks on third
 * parties. A response has as many records as fit, in random order, so that all instances are found over several
 * queries; over TCP at most 64 KiB. It is marked as truncated only if no record fits, because
 * clients such as HAProxy ignore truncated responses.
 */
public final class DnsServer implements AutoCloseable {
    /** The time to live of records, in seconds. */
    public static final int TTL_SECONDS = 2;

    /** The most open TCP connections. */
    public static final int CONNECTIONS_MAX = 64;

    /** The largest datagram that is sent: networks do not fragment it. */
    public static final int DATAGRAM_BYTES_MAX = 1_232;

    private static final int DATAGRAM_BYTES_MIN = 512;
    private static final int MESSAGE_BYTES_MAX = 65_535;
    private static final int QUERY_BYTES_MAX = 4_096;
    private static final int IDLE_MILLIS = 5_000;

    /** An id that is a label of a name, in lower case. */
    private static final Pattern LABEL = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    /** How much of another id is part of the label, in characters. */
    private static final int LABEL_PREFIX_MAX = 40;

    private static final int DIGEST_BYTES = 6;

    /** The most instances that are considered for a response, which are more than fit. */
    private static final int ANSWERS_MAX = 1_000;

    /** The size of the record with which a client and the server extend DNS. */
    private static final int OPT_BYTES = 11;

    private static final System.Logger LOGGER = System.getLogger(DnsServer.class.getName());

    private final ServiceDiscovery discovery;
    private final Name zone;
    private final DatagramSocket datagrams;
    private final ServerSocket connections;
    private final Semaphore connectionPermits = new Semaphore(CONNECTIONS_MAX);
    private final Random random = Random.from(RandomSource.system());
    private volatile boolean closed;

    /**
     * Starts a server.
     *
     * @param at the address to listen on; port 0 for any free port
     * @param zone the end of every name, such as {@code treaty}
     * @throws UncheckedIOException if it cannot listen there
     * @throws IllegalArgumentException if the zone is not a name
     */
    public DnsServer(ServiceDiscovery discovery, InetSocketAddress at, String zone) {
        this.discovery = discovery;
        try {
            this.zone = Name.fromString(zone, Name.root);
            this.connections = new ServerSocket();
            connections.bind(at);
            this.datagrams = new DatagramSocket(new InetSocketAddress(at.getAddress(), connections.getLocalPort()));
        } catch (TextParseException e) {
            throw new IllegalArgumentException("\"" + zone + "\" is not a DNS zone (" + e.getMessage() + ")", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot serve DNS at " + at + ": " + e.getMessage(), e);
        }
        BackgroundThread.virtual("treaty-dns-udp", Time.system(), Events.NONE, this::receive)
                .start();
        BackgroundThread.virtual("treaty-dns-tcp", Time.system(), Events.NONE, this::accept)
                .start();
    }

    /** Returns the port for UDP and TCP. */
    public int port() {
        return connections.getLocalPort();
    }

    private void receive() {
        var packet = new DatagramPacket(new byte[QUERY_BYTES_MAX], QUERY_BYTES_MAX);
        while (!closed) {
            try {
                packet.setLength(QUERY_BYTES_MAX);
                datagrams.receive(packet);
                Optional<byte[]> response = respond(Arrays.copyOf(packet.getData(), packet.getLength()), true);
                if (response.isPresent()) {
                    datagrams.send(
                            new DatagramPacket(response.get(), response.get().length, packet.getSocketAddress()));
                }
            } catch (IOException | RuntimeException e) { // no query may end this thread
                log(e);
            }
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = connections.accept();
                if (connectionPermits.tryAcquire()) {
                    BackgroundThread.startOnce("treaty-dns-connection", Events.NONE, () -> serve(socket));
                } else {
                    socket.close();
                }
            } catch (IOException e) {
                if (!closed) { // the thread tries again after a pause, because there may be no file descriptor left
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void log(Exception e) {
        if (!closed) {
            var level = e instanceof IOException ? System.Logger.Level.DEBUG : System.Logger.Level.ERROR;
            LOGGER.log(level, "a DNS query failed", Secrets.mask(e));
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(IDLE_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            while (!closed) {
                int length = in.readUnsignedShort();
                Optional<byte[]> response =
                        length > QUERY_BYTES_MAX ? Optional.empty() : respond(in.readNBytes(length), false);
                if (response.isEmpty()) {
                    return;
                }
                byte[] bytes = response.get();
                socket.getOutputStream()
                        .write(ByteBuffer.allocate(Short.BYTES + bytes.length)
                                .putShort((short) bytes.length)
                                .put(bytes)
                                .array());
            }
        } catch (IOException e) {
            // the client has disconnected or was idle for too long
        } catch (RuntimeException e) {
            log(e);
        } finally {
            connectionPermits.release();
        }
    }

    /** Returns the response to a query; empty if the bytes are not a query. */
    private Optional<byte[]> respond(byte[] bytes, boolean datagram) {
        Message query;
        try {
            query = new Message(bytes);
        } catch (IOException e) {
            return Optional.empty();
        }
        Record question = query.getQuestion();
        Header asked = query.getHeader();
        if (asked.getFlag(Flags.QR) || question == null) {
            return Optional.empty();
        }
        var response = new Message(asked.getID());
        Header header = response.getHeader();
        header.setFlag(Flags.QR);
        header.setOpcode(asked.getOpcode());
        if (asked.getFlag(Flags.RD)) {
            header.setFlag(Flags.RD);
        }
        response.addRecord(question, Section.QUESTION);
        if (asked.getOpcode() != Opcode.QUERY) {
            header.setRcode(Rcode.NOTIMP);
        } else if (question.getDClass() != DClass.IN || !question.getName().subdomain(zone)) {
            header.setRcode(Rcode.REFUSED);
        } else {
            header.setFlag(Flags.AA);
            answer(question, response);
        }
        OPTRecord extension = query.getOPT();
        int accepted = extension == null ? DATAGRAM_BYTES_MIN : extension.getPayloadSize();
        int max = datagram ? Math.clamp(accepted, DATAGRAM_BYTES_MIN, DATAGRAM_BYTES_MAX) : MESSAGE_BYTES_MAX;
        shorten(response, Section.ADDITIONAL, 0, max - OPT_BYTES);
        shorten(response, Section.ANSWER, 1, max - OPT_BYTES);
        if (extension != null) {
            response.addRecord(new OPTRecord(DATAGRAM_BYTES_MAX, 0, 0), Section.ADDITIONAL);
        }
        return Optional.of(response.toWire(max));
    }

    /** Removes records from the end of a section until the response fits, or only some are left. */
    private static void shorten(Message response, int section, int least, int bytesMax) {
        List<Record> records = List.copyOf(response.getSection(section));
        int fitting = Math.min(least, records.size());
        int most = response.toWire().length <= bytesMax ? fitting : records.size();
        while (fitting < most) {
            int middle = (fitting + most + 1) / 2;
            if (withFirst(middle, records, response, section).toWire().length <= bytesMax) {
                fitting = middle;
            } else {
                most = middle - 1;
            }
        }
        if (response.toWire().length > bytesMax) {
            withFirst(fitting, records, response, section);
        }
    }

    private static Message withFirst(int count, List<Record> records, Message response, int section) {
        response.removeAllRecords(section);
        records.subList(0, count).forEach(record -> response.addRecord(record, section));
        return response;
    }

    private void answer(Record question, Message response) {
        Name asked = question.getName();
        int type = question.getType();
        Optional<List<Target>> targets = targets(withoutProtocol(asked));
        if (targets.isEmpty() && !asked.equals(zone)) {
            response.getHeader().setRcode(Rcode.NXDOMAIN);
        }
        var answers = new LinkedHashSet<Record>(); // instances may share an address
        for (Target target : targets.orElse(List.of())) {
            ServiceInstance instance = target.instance;
            Optional<InetAddress> address = address(instance);
            if (type == Type.SRV || type == Type.ANY) {
                int port = instance.endpoint().port();
                answers.add(new SRVRecord(asked, DClass.IN, TTL_SECONDS, 0, instance.weight(), port, target.name));
                address.ifPresent(to -> response.addRecord(record(target.name, to), Section.ADDITIONAL));
            }
            address.map(to -> record(asked, to))
                    .filter(record -> type == Type.ANY || record.getType() == type)
                    .ifPresent(answers::add);
        }
        answers.forEach(record -> response.addRecord(record, Section.ANSWER));
        if (answers.isEmpty()) {
            response.addRecord(
                    new SOARecord(zone, DClass.IN, TTL_SECONDS, zone, zone, 1, 60, 60, 60, TTL_SECONDS),
                    Section.AUTHORITY);
        }
    }

    /** Removes the labels of a protocol (RFC 2782), because each instance has only the protocol of its endpoint. */
    private static Name withoutProtocol(Name asked) {
        Name name = asked;
        while (name.labels() > 1 && name.getLabelString(0).startsWith("_")) {
            name = new Name(name, 1);
        }
        return name;
    }

    /** An instance and its name. */
    private record Target(Name name, ServiceInstance instance) {}

    /** Returns some instances of a service, or the instance that a name stands for; empty if the name is unknown. */
    private Optional<List<Target>> targets(Name name) {
        String relative = name.relativize(zone).toString(true);
        Optional<ServiceName> service = service(relative);
        if (service.isPresent()) {
            return service.map(this::instances)
                    .map(instances -> instances.stream()
                            .limit(ANSWERS_MAX)
                            .map(instance -> new Target(name(instance, name), instance))
                            .toList());
        }
        String label = relative.substring(0, Math.max(0, relative.indexOf('.')));
        return service(relative.substring(label.length() + (label.isEmpty() ? 0 : 1)))
                .map(this::instances)
                .map(instances -> instances.stream()
                        .filter(instance -> label(instance).equalsIgnoreCase(label))
                        .map(instance -> new Target(name, instance))
                        .toList())
                .filter(instances -> !instances.isEmpty());
    }

    private static Name name(ServiceInstance instance, Name service) {
        try {
            return new Name(label(instance), service);
        } catch (TextParseException e) {
            return service; // too long to have a name below it
        }
    }

    private static String label(ServiceInstance instance) {
        String id = instance.id();
        if (LABEL.matcher(id).matches()) {
            return id;
        }
        String readable =
                id.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-", "");
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.US_ASCII));
            return readable.substring(0, Math.min(LABEL_PREFIX_MAX, readable.length()))
                            .replaceAll("-$", "")
                    + (readable.isEmpty() ? "" : "-")
                    + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private Optional<ServiceName> service(String name) {
        return discovery.services().stream()
                .filter(service -> service.value().equalsIgnoreCase(name))
                .findFirst();
    }

    /** Returns the instances that accept calls, in random order. */
    private List<ServiceInstance> instances(ServiceName service) {
        var instances = new ArrayList<>(discovery.instances(service));
        instances.removeIf(instance -> !instance.health().status().takesCalls());
        Collections.shuffle(instances, random);
        return instances;
    }

    private static Record record(Name name, InetAddress address) {
        return switch (address) {
            case Inet4Address v4 -> new ARecord(name, DClass.IN, TTL_SECONDS, v4);
            case Inet6Address v6 -> new AAAARecord(name, DClass.IN, TTL_SECONDS, v6);
            default -> throw new IllegalStateException("an unknown version of IP: " + address);
        };
    }

    /** Returns the address of an instance; empty if it is registered with a name, which is not resolved here. */
    private static Optional<InetAddress> address(ServiceInstance instance) {
        String host = instance.endpoint().host();
        try {
            return Optional.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            return host.equals("localhost") ? Optional.of(InetAddress.getLoopbackAddress()) : Optional.empty();
        }
    }

    /** Stops the server. */
    @Override
    public void close() {
        closed = true;
        datagrams.close();
        try {
            connections.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
