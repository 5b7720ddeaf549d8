// The interface's own description, drawn by Swagger UI; nothing is sent to its public validator.
/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.url,
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
});
