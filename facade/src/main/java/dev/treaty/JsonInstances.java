package dev.treaty;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.InstanceFormat;
import java.io.ByteArrayOutputStream;

/** Encodes instances as JSON in the form of the registry protocol, for backends that store text. */
public final class JsonInstances implements InstanceFormat {
    private final JsonCodec codec;

    /** Creates the codec. */
    public JsonInstances() {
        var contract = ServiceContract.of(Form.class);
        codec = new JsonCodec(contract.name(), contract.operation("instance").orElseThrow());
    }

    /** An operation that returns an instance: a codec needs one. */
    @Contract(name = "treaty.Form", version = "1.0.0")
    interface Form {
        /** An instance. */
        @Idempotent
        RegistryProtocol.Instance instance();
    }

    @Override
    public String write(RegistryProtocol.Instance instance) {
        var json = new ByteArrayOutputStream();
        codec.writeResponse(instance, json);
        return json.toString(UTF_8);
    }

    @Override
    public RegistryProtocol.Instance read(String text) {
        byte[] json = text.getBytes(UTF_8);
        try {
            if (codec.readResponse(json, 0, json.length) instanceof RegistryProtocol.Instance instance) {
                return instance;
            }
            throw new IllegalArgumentException("the text is not an instance");
        } catch (MessageException e) {
            throw new IllegalArgumentException(e.sentence().replace("response of treaty.Form/instance", "the text"), e);
        }
    }
}
