package dev.treaty.registry.dns;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
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
 * _http._tcp.shop.orders.treaty.} Names are case-insensitive, as always in DNS. The name of an instance is its index in
 * the list: {@code 0.shop.orders.treaty.}
 *
 * <p>The server answers over UDP and TCP, and only for its zone, so that it cannot be used to amplify attacks on third
 * parties. A response that does not fit into a datagram is truncated, and clients repeat the query over TCP.
 */
public final class DnsServer implements AutoCloseable {
    /** The time to live of records, in seconds. */
    public static final int TTL_SECONDS = 2;

    /** The most instances in a response. */
    public static final int ANSWERS_MAX = 100;

    /** The most open TCP connections. */
    public static final int CONNECTIONS_MAX = 64;

    /** The largest datagram that is sent: networks do not fragment it. */
    public static final int DATAGRAM_BYTES_MAX = 1_232;

    private static final int DATAGRAM_BYTES_MIN = 512;
    private static final int MESSAGE_BYTES_MAX = 65_535;
    private static final int QUERY_BYTES_MAX = 4_096;
    private static final int IDLE_MILLIS = 5_000;

    /** The index of an instance, and the name of its service. */
    private static final Pattern INSTANCE = Pattern.compile("(?<index>\\d{1,8})\\.(?<service>.+)");

    private static final System.Logger LOGGER = System.getLogger(DnsServer.class.getName());

    private final ServiceDiscovery discovery;
    private final Name zone;
    private final DatagramSocket datagrams;
    private final ServerSocket connections;
    private final Semaphore connectionPermits = new Semaphore(CONNECTIONS_MAX);
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
        Thread.ofVirtual().name("treaty-dns-udp").start(this::receive);
        Thread.ofVirtual().name("treaty-dns-tcp").start(this::accept);
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
                    Thread.ofVirtual().name("treaty-dns-connection").start(() -> serve(socket));
                } else {
                    socket.close();
                }
            } catch (IOException e) {
                log(e);
            }
        }
    }

    private void log(Exception e) {
        if (!closed) {
            var level = e instanceof IOException ? System.Logger.Level.DEBUG : System.Logger.Level.ERROR;
            LOGGER.log(level, "a DNS query failed", e);
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
        if (extension != null) {
            response.addRecord(new OPTRecord(DATAGRAM_BYTES_MAX, 0, 0), Section.ADDITIONAL);
        }
        int accepted = extension == null ? DATAGRAM_BYTES_MIN : extension.getPayloadSize();
        return Optional.of(response.toWire(
                datagram ? Math.clamp(accepted, DATAGRAM_BYTES_MIN, DATAGRAM_BYTES_MAX) : MESSAGE_BYTES_MAX));
    }

    private void answer(Record question, Message response) {
        Name asked = question.getName();
        int type = question.getType();
        Optional<List<Target>> targets = targets(withoutProtocol(asked));
        if (targets.isEmpty() && !asked.equals(zone)) {
            response.getHeader().setRcode(Rcode.NXDOMAIN);
        }
        for (Target target : targets.orElse(List.of())) {
            ServiceInstance instance = target.instance;
            Optional<InetAddress> address = address(instance);
            if (type == Type.SRV || type == Type.ANY) {
                int port = instance.endpoint().port();
                response.addRecord(
                        new SRVRecord(asked, DClass.IN, TTL_SECONDS, 0, instance.weight(), port, target.name),
                        Section.ANSWER);
                address.ifPresent(to -> response.addRecord(record(target.name, to), Section.ADDITIONAL));
            }
            address.map(to -> record(asked, to))
                    .filter(record -> type == Type.ANY || record.getType() == type)
                    .ifPresent(record -> response.addRecord(record, Section.ANSWER));
        }
        if (response.getSection(Section.ANSWER).isEmpty()) {
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

    /** Returns all instances of a service, or the instance that a name stands for; empty if the name is unknown. */
    private Optional<List<Target>> targets(Name name) {
        String relative = name.relativize(zone).toString(true);
        Optional<ServiceName> service = service(relative);
        if (service.isPresent()) {
            return service.map(this::instances).map(instances -> targets(name, instances));
        }
        Matcher match = INSTANCE.matcher(relative);
        return match.matches()
                ? service(match.group("service"))
                        .map(this::instances)
                        .filter(instances -> Integer.parseInt(match.group("index")) < instances.size())
                        .map(instances ->
                                List.of(new Target(name, instances.get(Integer.parseInt(match.group("index"))))))
                : Optional.empty();
    }

    private static List<Target> targets(Name service, List<ServiceInstance> instances) {
        var targets = new ArrayList<Target>();
        for (ServiceInstance instance : instances) {
            Name name = service;
            try {
                name = new Name(String.valueOf(targets.size()), service);
            } catch (TextParseException e) {
                // the name of the service is too long to have one below it
            }
            targets.add(new Target(name, instance));
        }
        return targets;
    }

    private Optional<ServiceName> service(String name) {
        return discovery.services().stream()
                .filter(service -> service.value().equalsIgnoreCase(name))
                .findFirst();
    }

    private List<ServiceInstance> instances(ServiceName service) {
        return discovery.instances(service).stream()
                .filter(instance -> instance.health().status().takesCalls())
                .limit(ANSWERS_MAX)
                .toList();
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
