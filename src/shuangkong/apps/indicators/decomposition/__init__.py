"""A city's target shared out over its counties: inputs with their owners, versions, approval, and the quality of air and water."""
