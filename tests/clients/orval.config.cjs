module.exports = {
  gateway: {
    input: "openapi.json",
    output: {
      mode: "split",
      client: "axios-functions",
      target: "generated/orval/gateway.ts",
      schemas: "generated/orval/model",
      urlEncodeParameters: true,
    },
  },
};
