// A session of SMART's fhirclient, as a server-side app: prints what it saw.
const smart = require("fhirclient");

async function main(serverUrl) {
  const request = { headers: { host: "localhost" }, url: "/", socket: {} };
  const store = {};
  const storage = {
    get: async (key) => store[key],
    set: async (key, value) => (store[key] = value),
    unset: async (key) => delete store[key],
  };
  const client = smart(request, {}, storage).client({
    serverUrl,
    tokenResponse: { patient: "p1" },
  });
  const seen = {};
  seen.patient = (await client.patient.read()).id;
  // Fails unless the CapabilityStatement lists `patient` among the type's search parameters.
  seen.conditions = (await client.patient.request("Condition")).total;
  const results = await client.patient.request("Observation?_count=1", {
    pageLimit: 0,
    flat: true,
  });
  seen.results = results.length;
  seen.resolved = await client.request(
    { url: "Observation/g00" },
    { resolveReferences: ["subject"] }
  ).then((found) => found.subject.name[0].given[0]);
  seen.release = await client.getFhirRelease();
  try {
    await client.request("Patient/nobody");
  } catch (error) {
    seen.missing = error.status || error.statusCode;
  }
  const created = await client.create({
    resourceType: "Condition",
    code: { text: "Synthetic" },
    subject: { reference: "Patient/p2" },
  });
  created.code.text = "Synthetic, changed";
  seen.updated = (await client.update(created)).meta.versionId;
  await client.delete(`Condition/${created.id}`);
  return seen;
}

main(process.argv[2]).then((seen) => console.log(JSON.stringify(seen)));
