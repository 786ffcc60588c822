package dev.treaty.registry.dns;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.DataInputStream;
import java.io.DataOutputStream;
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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
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
 * Answers for services, so that what only speaks DNS finds their instances: {@code shop.orders.treaty.} has an address
 * record for each instance that takes calls, and SRV records with the ports, as {@code _http._tcp.shop.orders.treaty.}
 * has. The case of letters does not matter, as always in DNS; an instance's own name is its id's place in the list,
 * {@code 0.shop.orders.treaty.}
 *
 * <p>It answers over UDP and TCP, for its zone only; everything else is refused, so that it cannot be used to flood
 * others with the answers of third parties. What does not fit into a datagram is cut off and marked, as the protocol
 * has it, and asked for again over TCP.
 */
public final class DnsServer implements AutoCloseable {
    /** How long an answer may be kept, in seconds. */
    public static final int TTL_SECONDS = 2;

    /** The most instances in one answer. */
    public static final int ANSWERS_MAX = 100;

    /** The most connections that are open at a time. */
    public static final int CONNECTIONS_MAX = 64;

    /** The largest datagram that is answered with, whatever the asker would take: what passes every network whole. */
    public static final int DATAGRAM_BYTES_MAX = 1_232;

    private static final int DATAGRAM_BYTES_MIN = 512;
    private static final int QUERY_BYTES_MAX = 4_096;
    private static final int IDLE_MILLIS = 5_000;

    private static final System.Logger LOGGER = System.getLogger(DnsServer.class.getName());

    private final ServiceDiscovery discovery;
    private final Name zone;
    private final DatagramSocket datagrams;
    private final ServerSocket connections;
    private final Semaphore open = new Semaphore(CONNECTIONS_MAX);
    private volatile boolean closed;

    /**
     * Begins to answer.
     *
     * @param at where to listen; port 0 for any free one
     * @param zone what every name ends with, such as {@code treaty}
     * @throws UncheckedIOException where it cannot listen there
     * @throws IllegalArgumentException where the zone is no name
     */
    public DnsServer(ServiceDiscovery discovery, InetSocketAddress at, String zone) {
        this.discovery = discovery;
        try {
            this.zone = Name.fromString(zone, Name.root);
            this.connections = new ServerSocket();
            connections.bind(at);
            this.datagrams = new DatagramSocket(new InetSocketAddress(at.getAddress(), connections.getLocalPort()));
        } catch (TextParseException e) {
            throw new IllegalArgumentException("\"" + zone + "\" is no zone of DNS (" + e.getMessage() + ")", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot answer DNS at " + at + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("treaty-dns-udp").start(this::receive);
        Thread.ofVirtual().name("treaty-dns-tcp").start(this::accept);
    }

    /** The port that it answers at, over UDP and TCP. */
    public int port() {
        return connections.getLocalPort();
    }

    private void receive() {
        var packet = new DatagramPacket(new byte[QUERY_BYTES_MAX], QUERY_BYTES_MAX);
        while (!closed) {
            try {
                packet.setLength(QUERY_BYTES_MAX);
                datagrams.receive(packet);
                byte[] query = Arrays.copyOf(packet.getData(), packet.getLength());
                Optional<byte[]> answer = answer(query, true);
                if (answer.isPresent()) {
                    byte[] bytes = answer.get();
                    datagrams.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                if (!closed) {
                    LOGGER.log(System.Logger.Level.DEBUG, "a DNS query could not be answered", e);
                }
            } catch (RuntimeException e) { // what somebody sends must not end this thread
                LOGGER.log(System.Logger.Level.ERROR, "a DNS query could not be answered", e);
            }
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = connections.accept();
                if (open.tryAcquire()) {
                    Thread.ofVirtual().name("treaty-dns-connection").start(() -> serve(socket));
                } else {
                    socket.close();
                }
            } catch (IOException e) {
                if (!closed) {
                    LOGGER.log(System.Logger.Level.DEBUG, "a DNS connection could not be taken", e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(IDLE_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            var out = new DataOutputStream(socket.getOutputStream());
            while (!closed) {
                int length = in.readUnsignedShort();
                if (length > QUERY_BYTES_MAX) {
                    return;
                }
                byte[] query = new byte[length];
                in.readFully(query);
                Optional<byte[]> answer = answer(query, false);
                if (answer.isEmpty()) {
                    return;
                }
                var framed = new byte[2 + answer.get().length];
                framed[0] = (byte) (answer.get().length >> 8);
                framed[1] = (byte) answer.get().length;
                System.arraycopy(answer.get(), 0, framed, 2, answer.get().length);
                out.write(framed);
            }
        } catch (IOException e) {
            // it has gone, or said nothing for too long
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.ERROR, "a DNS query could not be answered", e);
        } finally {
            open.release();
        }
    }

    private Optional<byte[]> answer(byte[] bytes, boolean datagram) {
        Message query;
        try {
            query = new Message(bytes);
        } catch (IOException e) {
            return Optional.empty(); // not DNS
        }
        Record question = query.getQuestion();
        if (query.getHeader().getFlag(Flags.QR) || question == null) {
            return Optional.empty(); // an answer, or nothing asked
        }
        var answer = new Message(query.getHeader().getID());
        answer.getHeader().setFlag(Flags.QR);
        answer.getHeader().setOpcode(query.getHeader().getOpcode());
        if (query.getHeader().getFlag(Flags.RD)) {
            answer.getHeader().setFlag(Flags.RD);
        }
        answer.addRecord(question, Section.QUESTION);
        if (query.getHeader().getOpcode() != Opcode.QUERY) {
            answer.getHeader().setRcode(Rcode.NOTIMP);
        } else if (question.getDClass() != DClass.IN || !question.getName().subdomain(zone)) {
            answer.getHeader().setRcode(Rcode.REFUSED);
        } else {
            answer.getHeader().setFlag(Flags.AA);
            find(question, answer);
        }
        int most = 65_535;
        OPTRecord extension = query.getOPT();
        if (datagram) {
            int taken = extension == null ? DATAGRAM_BYTES_MIN : extension.getPayloadSize();
            most = Math.clamp(taken, DATAGRAM_BYTES_MIN, DATAGRAM_BYTES_MAX);
        }
        if (extension != null) {
            answer.addRecord(new OPTRecord(DATAGRAM_BYTES_MAX, 0, 0), Section.ADDITIONAL);
        }
        return Optional.of(answer.toWire(most));
    }

    private void find(Record question, Message answer) {
        Name asked = question.getName();
        Name plain = plain(asked);
        Name relative = plain.relativize(zone);
        Optional<Found> found = relative.labels() == 0 ? Optional.empty() : found(relative);
        if (found.isEmpty()) {
            answer.getHeader().setRcode(asked.equals(zone) ? Rcode.NOERROR : Rcode.NXDOMAIN);
            answer.addRecord(authority(), Section.AUTHORITY);
            return;
        }
        int type = question.getType();
        List<ServiceInstance> instances = found.get().instances;
        for (int i = 0; i < instances.size(); i++) {
            ServiceInstance instance = instances.get(i);
            Optional<InetAddress> address = address(instance);
            if (type == Type.SRV || type == Type.ANY) {
                Name target = own(found.get().place(i), plain, found.get().single);
                answer.addRecord(
                        new SRVRecord(
                                asked,
                                DClass.IN,
                                TTL_SECONDS,
                                0,
                                instance.weight(),
                                instance.endpoint().port(),
                                target),
                        Section.ANSWER);
                address.map(to -> record(target, to)).ifPresent(record -> answer.addRecord(record, Section.ADDITIONAL));
            }
            if (type != Type.SRV) {
                address.map(to -> record(asked, to))
                        .filter(record -> type == Type.ANY || record.getType() == type)
                        .ifPresent(record -> answer.addRecord(record, Section.ANSWER));
            }
        }
        if (answer.getSection(Section.ANSWER).isEmpty()) {
            answer.addRecord(authority(), Section.AUTHORITY);
        }
    }

    /** Without the labels that ask for a protocol (RFC 2782): every instance speaks the one that it registered with. */
    private static Name plain(Name asked) {
        Name name = asked;
        while (name.labels() > 1 && name.getLabelString(0).startsWith("_")) {
            name = new Name(name, 1);
        }
        return name;
    }

    /** What a name stands for: all instances of a service, or one of them. */
    private record Found(List<ServiceInstance> instances, int first, boolean single) {
        int place(int i) {
            return first + i;
        }
    }

    private Optional<Found> found(Name relative) {
        String text = relative.toString(true);
        Optional<ServiceName> whole = service(text);
        if (whole.isPresent()) {
            List<ServiceInstance> instances = instances(whole.get());
            return Optional.of(new Found(instances, 0, false));
        }
        int dot = text.indexOf('.');
        if (dot > 0 && text.substring(0, dot).chars().allMatch(Character::isDigit) && dot < 9) {
            Optional<ServiceName> service = service(text.substring(dot + 1));
            int place = Integer.parseInt(text.substring(0, dot));
            if (service.isPresent()) {
                List<ServiceInstance> instances = instances(service.get());
                if (place < instances.size()) {
                    return Optional.of(new Found(List.of(instances.get(place)), place, true));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<ServiceName> service(String text) {
        return discovery.services().stream()
                .filter(name -> name.value().equalsIgnoreCase(text))
                .findFirst();
    }

    private List<ServiceInstance> instances(ServiceName service) {
        return discovery.instances(service).stream()
                .filter(instance -> instance.health().status().takesCalls())
                .limit(ANSWERS_MAX)
                .toList();
    }

    private static Name own(int place, Name of, boolean single) {
        try {
            return single ? of : new Name(String.valueOf(place), of);
        } catch (TextParseException e) {
            return of; // too long a name to have one below it
        }
    }

    private static Record record(Name name, InetAddress address) {
        return switch (address) {
            case Inet4Address four -> new ARecord(name, DClass.IN, TTL_SECONDS, four);
            case Inet6Address six -> new AAAARecord(name, DClass.IN, TTL_SECONDS, six);
            default -> throw new IllegalStateException("an address is of the fourth version or the sixth");
        };
    }

    /** The address of an instance that was registered with one; names are not looked up for others. */
    private static Optional<InetAddress> address(ServiceInstance instance) {
        String host = instance.endpoint().host();
        try {
            return Optional.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            return host.equals("localhost") ? Optional.of(InetAddress.getLoopbackAddress()) : Optional.empty();
        }
    }

    private Record authority() {
        return new SOARecord(zone, DClass.IN, TTL_SECONDS, zone, zone, 1, 60, 60, 60, TTL_SECONDS);
    }

    /** Stops answering. */
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
