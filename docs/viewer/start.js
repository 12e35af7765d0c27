// Shows a document that this service serves: that of the link in the heading which leads here. validatorUrl would send it to a third party.
window.addEventListener("DOMContentLoaded", () => {
  const here = new URLSearchParams(location.search).get("api");
  const links = [...document.querySelectorAll("a[data-document]")];
  const link = links.find((a) => new URL(a.href).searchParams.get("api") === here) || links[0];
  link.setAttribute("aria-current", "page");
  document.getElementById("document").href = link.dataset.document;
  SwaggerUIBundle({
    url: link.dataset.document,
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
