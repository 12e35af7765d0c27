// Shows the document that this service serves. validatorUrl would send it to a third party.
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/public/v2/openapi.json",
    dom_id: "#viewer",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: false,
    persistAuthorization: false,
    validatorUrl: null,
  });
});
