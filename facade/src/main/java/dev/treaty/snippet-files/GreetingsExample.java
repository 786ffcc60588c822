import dev.treaty.Treaty;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

class GreetingsExample {
    // @start region="greetings"
    @Contract(name = "shop.Greetings", version = "1.0.0")
    public interface Greetings {
        @Idempotent
        String greet(String name);
    }

    public static void main(String[] args) {
        try (Treaty treaty = Treaty.open()) { // a registry within the process, sensible defaults
            treaty.serve(Greetings.class, name -> "Hello, " + name + "!"); // checked, published, registered, drained
            Greetings greetings = treaty.client(Greetings.class); // found, balanced, retried, guarded
            System.out.println(greetings.greet("Ada"));
        }
    }
    // @end
}
