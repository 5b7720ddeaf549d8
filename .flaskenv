FLASK_APP=app.live:commands
