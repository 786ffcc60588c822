// Calls a Treaty server with the Connect client that everybody uses in JavaScript. The service is declared by hand, as
// protoc would describe it. Prints one JSON value per line: what each call gave, or the code of its fault.
import { create, createFileRegistry, toJson } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

const scalar = (name, number, type, label = Label.OPTIONAL) => ({ name, number, type, label, jsonName: name });
const named = (name, number, type, typeName, label = Label.OPTIONAL) => ({
  ...scalar(name, number, type, label),
  typeName,
});
const method = (name, inputType, outputType) => ({ name, inputType, outputType });

const file = create(FileDescriptorProtoSchema, {
  name: "shop.proto",
  package: "shop",
  syntax: "proto3",
  enumType: [
    {
      name: "Status",
      value: ["NEW", "PAID", "SENT"].map((name, number) => ({ name, number })),
    },
  ],
  messageType: [
    { name: "Nothing" },
    { name: "OrderId", field: [scalar("id", 1, Type.STRING)] },
    { name: "Line", field: [scalar("sku", 1, Type.STRING), scalar("quantity", 2, Type.INT32)] },
    {
      name: "Order",
      field: [
        scalar("id", 1, Type.STRING),
        named("status", 2, Type.ENUM, ".shop.Status"),
        named("lines", 3, Type.MESSAGE, ".shop.Line", Label.REPEATED),
      ],
    },
    { name: "Found", field: [named("result", 1, Type.MESSAGE, ".shop.Order", Label.REPEATED)] },
    { name: "Find", field: [scalar("text", 1, Type.STRING), scalar("most", 3, Type.INT32)] },
    { name: "Last", field: [named("result", 1, Type.MESSAGE, ".shop.OrderId")] },
  ],
  service: [
    {
      name: "Orders",
      method: [
        method("get", ".shop.OrderId", ".shop.Order"),
        method("find", ".shop.Find", ".shop.Found"),
        method("last", ".shop.Nothing", ".shop.Last"),
      ],
    },
  ],
});
const registry = createFileRegistry(file, () => undefined);
const transport = createConnectTransport({
  baseUrl: process.argv[2],
  httpVersion: "1.1",
  useBinaryFormat: false,
  // Treaty's fields are required unless the contract says otherwise, so zeros and empty texts must not be left out.
  jsonOptions: { alwaysEmitImplicit: true },
});
const orders = createClient(registry.getService("shop.Orders"), transport);

async function print(type, call) {
  try {
    console.log(JSON.stringify(toJson(registry.getMessage(type), await call(), { alwaysEmitImplicit: true })));
  } catch (e) {
    const error = ConnectError.from(e);
    const details = error.findDetails(registry.getMessage("shop.OrderId"));
    const ids = details.length === 0 ? {} : { ids: details.map(({ id }) => id) };
    console.log(JSON.stringify({ code: Code[error.code], message: error.rawMessage, ...ids }));
  }
}

await print("shop.Order", () => orders.get({ id: "42" }));
await print("shop.Found", () => orders.find({ text: "4", most: 5 }));
await print("shop.Order", () => orders.get({ id: "7" }));
await print("shop.Last", () => orders.last({}, { timeoutMs: 2000 }));
